"""One leaf file per AWS component, found by its name; none imports another.

Each file opens with what the thing does to a flow, the rules it implements (R-...), and what is not
modelled; it defines ``COMPONENT`` (:mod:`reach.component`).
"""
