"""The commands, by what they are for; ``reach.cli`` gathers them.

arguments     options that several commands have, and what their values are
questions     can, can-manage: a verdict as the status
surveys       exposure, matrix, isolated: questions about everybody
descriptions  show, explain, components, options
checks        check, test: whether what is claimed holds
captures      capture, policy: what AWS is asked
snapshots     verify, anonymise, pack: a snapshot as a thing

Each is arguments -> load, ask -> render -> exit status.  They are all imported for any of them, so
what they need to answer is imported when they are called.
"""
