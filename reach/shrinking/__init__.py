"""How much smaller the passes make the network of a snapshot: ``reach show --classes``.

shrink.py   the measuring
report.py   its text
"""
