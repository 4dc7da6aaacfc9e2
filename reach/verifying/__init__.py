"""Whether a snapshot is whole and sound, before anybody asks it anything.

verify          from a path to what is wrong with it and what it lacks
verdict         the words in which that is said
lacking         the calls that gave nothing, with the reasons that a manifest has
contradictions  addresses that cannot all be as they are told
report          what is printed

Must not know questions nor the engines.
"""
