"""Suricata's rule language, as far as packet headers go.

    expression   addresses and ports: lists, negations, variables, references
    signature    a rule: whom it is about, what it does, and whether its header tells it all

Knows no AWS word and no node; what a rule means to a firewall's engine is for the component.
"""
