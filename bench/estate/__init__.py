"""The shapes of a generated AWS estate, one file for each family of objects.

Each family is a function of one planned VPC that yields (section, object) pairs, objects being
what the AWS CLI prints.  A family draws its randomness from the seed, the VPC's index and its own
name, so neither a further VPC nor a further family changes what is there already.
"""
