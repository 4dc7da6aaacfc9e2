"""Reading networks from AWS into a snapshot folder; the only package that imports boto3.

    run.capture(path, sections, targets, ...)      policy.policy(sections)

``plan``, ``targets`` and ``policy`` are without boto3.  Must not know what any answer means.
"""
