"""JSON lines on stderr, each with the ids of its request and study; secrets never enter them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

__all__ = ["set_up_logs"]

_SECRET = re.compile(r"cs\.key_[a-z2-7]+\.[\w-]+|(?i:bearer)\s+[\w.~+/=-]+|://[^/\s:@]+:[^@\s]+@")


def set_up_logs(level: str) -> None:
    """Let our own lines and those of the libraries leave as one JSON object per line."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_secrets,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "dbos", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    for name in ("dbos", "alembic", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_secrets(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blot out anything that looks like a key, a bearer token or a password in an address."""
    for key, value in line.items():
        if isinstance(value, str):
            line[key] = _SECRET.sub("[secret]", value)
    return line
