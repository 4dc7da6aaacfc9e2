"""What route tables say, read for the components that build nodes from it.

ranking        the routes of a VPC's table, and which of them wins
soundness      what is wrong with one of them
transit_table  the routes of a transit gateway's table, listed and propagated
"""
