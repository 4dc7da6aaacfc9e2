"""What load balancers have in common, for the components that build nodes from it.

joins      which listeners, rules, targets and interfaces are whose
node       a balancer at one of its interfaces
picking    which targets a node uses, and that one of them is picked
sending    what leaves for a target, what returns, and what a node opens by itself
listening  from a node to the targets behind its listeners (Application and Network)
kind       what a component says of its interfaces
"""
