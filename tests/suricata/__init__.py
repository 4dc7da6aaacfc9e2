"""Tests of Suricata's rule language."""
