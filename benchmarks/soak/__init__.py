"""The soak: minutes of mixed reads and writes while sessions, tasks and the server itself are ended at random.

``python -m benchmarks.soak`` makes a private PostgreSQL server, lets 200 tasks and 16 threads work on it through one
configuration, and at the end compares what was promised about every write with what is in the tables. It ends by
itself; its exit status is 1 when a claim does not hold. ``__main__`` lists the claims, ``benchmarks/README.md`` says
how to run it.
"""
