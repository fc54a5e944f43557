"""How often: moving windows per key, and per address for refused keys.

Each API process counts for itself, in memory, and allows its share: a limit divided by the number of processes. With
requests spread over them evenly the limits hold together; no request waits for a counter in the database.
"""

from __future__ import annotations

import time
from typing import Literal

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from causal_service.service.refusals import rate_limited
from causal_service.service.settings import Settings

__all__ = ["Rates"]

Kind = Literal["read", "write", "refusal"]


class Rates:
    """Counts what each caller does."""

    def __init__(self, settings: Settings) -> None:
        self._limits = {
            "read": _share(settings.rate_reads, settings.api_processes),
            "write": _share(settings.rate_writes, settings.api_processes),
            "refusal": _share(settings.rate_refusals, settings.api_processes),
        }
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def count(self, kind: Kind, caller: str) -> None:
        """Count one act of ``caller``.

        Raises
        ------
        TooMuch : ``rate-limited``, with the seconds to wait.
        """
        if not self._windows.hit(self._limits[kind], kind, caller):
            raise rate_limited(self._wait(kind, caller))

    def refuse_guessing(self, address: str) -> None:
        """Raise ``rate-limited`` for an address that has sent too many wrong keys, without counting."""
        if not self._windows.test(self._limits["refusal"], "refusal", address):
            raise rate_limited(self._wait("refusal", address))

    def _wait(self, kind: Kind, caller: str) -> int:
        window = self._windows.get_window_stats(self._limits[kind], kind, caller)
        return max(1, round(window.reset_time - time.time()))


def _share(limit: str, processes: int) -> RateLimitItem:
    """Return the part of a limit (``120/minute``) that one of ``processes`` allows, at least one."""
    whole = parse(limit)
    return type(whole)(max(1, whole.amount // processes), whole.multiples, whole.namespace)
