"""What a firewall's policy says, as ordered rules.

    ordered      rules of which some may match, as stages
    variables    what the names mean that rules use
    stateless    the rules of the stateless engine
    stateful     the rules of the stateful engine, and what becomes of the rest

Takes records and gives the neutral vocabulary.  Knows no node and no component by name.
"""
