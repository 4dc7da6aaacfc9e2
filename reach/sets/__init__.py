"""Exact sets: what very many flows do, there and back, without a solver and without a doubt.

They propose, and never prove: what they say is walked by the concrete twin, or asked of the solver.
"""
