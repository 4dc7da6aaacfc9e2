"""Interfaces as the network knows them: which are alike, and what they are as ends."""
