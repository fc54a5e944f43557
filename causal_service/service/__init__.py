"""Everything that knows HTTP, time or disk: the same pipeline behind an API, with durable jobs and stored results.

==============  ============================================================================
``settings``    every setting, documented in one class (``CAUSAL_…`` in the environment)
``app``         the composition root: settings in, application out
``problems``    one table from our refusals to HTTP
``access``      who calls, what they may, how often
``state``       workspaces, keys, panels, studies, audit log (SQLite or PostgreSQL)
``storage``     panels and results as files of one workspace (local folder or S3)
``uploads``     bytes from the network to a checked file, bounded in memory
``jobs``        durable work: checking panels, computing studies (DBOS)
``api``         the routes under ``/v1``
``observing``   logs, metrics, traces, health
==============  ============================================================================
"""
