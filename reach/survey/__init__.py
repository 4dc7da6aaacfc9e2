"""Surveys: who reaches whom, of everybody, proved complete."""
