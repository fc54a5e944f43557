"""Durable work. A worker takes a job from the queue; a child process of it computes; each step leaves files or a row.

=============  ==============================================================================================
``queue``      names, and how the API puts work on the queue within its own transaction
``worker``     the worker process: the job library launched, heartbeat, housekeeping
``workflows``  the steps of a check and of a study, each safe to repeat
``children``   computing processes: one task at a time, limits on time and memory, stopped on request
``child``      the program that runs in them
``computing``  what it computes: files in, files out
``question``   the options of a study, in one place
=============  ==============================================================================================
"""
