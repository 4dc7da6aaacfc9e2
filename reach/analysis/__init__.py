"""What AWS's own analyser would print of an answer: the facts, in the shapes of the EC2 API.

``things`` names a resource as its ``AnalysisComponent`` does, ``rules`` shows a rule or a route,
``explained`` the members of an ``Explanation``, ``components`` those of a path.  Takes a lowered
snapshot and evidence; gives plain data.  Must not know how an answer was found, nor rendering.
"""
