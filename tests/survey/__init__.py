"""Surveys: held against single questions, and against what was planted in them."""
