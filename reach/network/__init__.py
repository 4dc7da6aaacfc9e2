"""The neutral vocabulary: addresses, flow fields, header spaces, stages, nodes, origins.

Takes nothing from the rest of the project and knows no AWS word.  Everything that lowers,
evaluates, compiles or explains a network speaks in these types.
"""
