"""Many jobs on snapshots, done by processes, by shards of a matrix, or by a cluster.

    job (what there is to do) -> crew (processes of this machine, under a supervisor)
                              -> parcel -> cluster (workers of others, by Dask)
    shard (which jobs are whose)

A job takes a snapshot and gives plain data; nothing here knows what it does.
"""
