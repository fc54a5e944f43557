"""Prometheus metrics; those of a process are its own, those of the queue are read from the database when asked."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

__all__ = ["BYTES_UPLOADED", "QUEUE", "REQUESTS", "REQUEST_SECONDS", "STUDIES_ENDED", "STUDY_SECONDS", "WORKERS"]

REQUESTS = Counter("causal_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "causal_request_seconds", "Seconds until an answer began", ["method", "route"],
    buckets=(0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)  # fmt: skip
BYTES_UPLOADED = Counter("causal_upload_bytes_total", "Bytes of accepted uploads")
STUDIES_ENDED = Counter("causal_studies_ended_total", "Studies ended by this worker", ["state"])
STUDY_SECONDS = Histogram("causal_study_seconds", "Seconds a study took", buckets=(1, 3, 10, 30, 100, 300, 1000, 3000))
QUEUE = Gauge("causal_studies", "Studies by state, over all workspaces", ["state"])
WORKERS = Gauge("causal_workers", "Workers seen in the last half minute")
