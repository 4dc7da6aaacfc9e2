"""Tests of ``reach.snapshot``: loading, the records, the index, and the recorded labs."""
