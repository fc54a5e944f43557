"""A process that was started by another ends with it, however that one ended."""

from __future__ import annotations

import os
import sys
import threading
import time

__all__ = ["STARTER", "end_with", "locked"]

STARTER = "CAUSAL_STARTER"
"""Environment variable with the id of the process that started this one."""
_LOOK = 0.5


def end_with(starter: int) -> None:
    """End this process at once when process ``starter`` is no longer its parent (looked at twice a second)."""

    def watch() -> None:
        while os.getppid() == starter:
            time.sleep(_LOOK)
        os._exit(1)

    if sys.platform != "win32":
        threading.Thread(target=watch, daemon=True).start()


def locked(path: str, seconds: float) -> int | None:
    """Hold the file ``path`` for this process until it ends; wait up to ``seconds`` for the process that holds it.

    Returns
    -------
    the open descriptor, or ``None`` when another process still holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if sys.platform == "win32":
        return descriptor
    import fcntl

    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except OSError:
            if time.monotonic() > end:
                os.close(descriptor)
                return None
            time.sleep(_LOOK / 5)
