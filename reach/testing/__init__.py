"""Suites: questions that are asked again and again, and what CI reads of their answers.

    tree -> reading (defaults, groups, includes, expansion) -> judging (one case)
         -> workers (many, in processes) -> baseline, reports

Suites and answers go in; nothing here knows how anything is proved.
"""
