"""Differential tests of the twins on small shaped networks, and how much these tests can tell.

``domain`` holds the few values there are, ``shapes`` the networks, ``agreement`` what it means that
the twins agree on one pinned flow, ``enumeration`` every flow there is, ``faults`` what is done to
the twins to see whether anybody notices.
"""
