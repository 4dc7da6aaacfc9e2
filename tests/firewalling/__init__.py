"""Tests of what a firewall's policy says."""
