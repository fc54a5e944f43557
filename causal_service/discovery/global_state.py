"""Libraries that print and draw from the global generator, kept to themselves."""

from __future__ import annotations

import io
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

__all__ = ["global_generator", "quiet", "untouched_generator"]

_ONE_AT_A_TIME = threading.Lock()
"""Standard output and the generator belong to the process, so such calls do not overlap."""


@contextmanager
def quiet() -> Iterator[None]:
    """Swallow what is printed."""
    with _ONE_AT_A_TIME, redirect_stdout(io.StringIO()):
        yield


@contextmanager
def untouched_generator() -> Iterator[None]:
    """Restore Python's global generator afterwards."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def global_generator(seed: int) -> Iterator[None]:
    """Seed Python's global generator and restore it afterwards."""
    with _ONE_AT_A_TIME, untouched_generator():
        random.seed(seed)
        yield
