"""A snapshot under other names: the same network, and nobody can tell whose it is.

addresses    prefixes stay prefixes, and special ranges stay what they are
aliases      other names, dealt out so that they sort as the old ones did
vocabulary   which fields hold AWS's own words, and which words are AWS's
wording      one text of one field under other names
retelling    records, with every text in them retold
anonymise    a whole snapshot, and its manifest

What is not known to be AWS's own is renamed or left out.  Must not know questions or the engines.
"""
