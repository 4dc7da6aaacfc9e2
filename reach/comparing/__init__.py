"""What changed in reachability between two snapshots: flows gained and lost, nothing else.

    changed records -> aligned grounds -> nodes that differ -> starts that can come by -> flows

Each stage is a module of its own and knows only the one before it.
"""
