"""Recorded labs with one edit each, and what AWS's rules say becomes of a recorded probe."""
