"""Builders of what an Estate can hold beyond a VPC's core, one module a topic."""
