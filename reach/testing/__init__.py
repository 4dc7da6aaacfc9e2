"""Suites: questions that are asked again and again, and what CI reads of their answers.

    tree -> reading (defaults, groups, includes, expansion) -> judging (one case)
         -> asked (many, by whoever does jobs) -> baseline, merging (shards), reports

Suites and answers go in; nothing here knows how anything is proved.
"""
