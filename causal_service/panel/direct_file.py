"""Files of grouped rows, written and read past the page cache of the system.

Every row is written once and read once, and has gone by the time another study begins. In the page cache that takes a
fresh page and a copy for every 4 KiB, which on a machine whose memory has to be fetched from a host first costs more
than decoding the rows did, and drives out the file that is being read. Direct access (``O_DIRECT`` of Linux) leaves all
that out. Where a system or a file system has none, the same calls go through the cache. Whoever reads short stretches
is better off with the cache, too: every one waits for the disk.

Memory is kept by thread and use, since fresh pages cost as much as reading into them.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BLOCK",
    "kept_room",
    "leave_direct",
    "open_to_read",
    "open_to_write",
    "read_bytes",
    "whole_blocks",
    "write_blocks",
]

BLOCK = 4096
"""Bytes of which places, lengths and addresses of direct access are multiples."""
_STAGE_BYTES = 1 << 20
"""Bytes read at once."""
_DIRECT: int = getattr(os, "O_DIRECT", 0)

Bytes = NDArray[np.uint8]


def whole_blocks(size: int) -> int:
    """Return a number of bytes rounded up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def open_to_write(path: Path) -> int:
    """Return the descriptor of a new, empty file, with direct access where there is any."""
    return _opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, direct=True)


def open_to_read(path: str | Path, *, direct: bool) -> int:
    """Return the descriptor of a file: read it as it was written, since the cache may hold what is not on disk yet."""
    return _opened(path, os.O_RDONLY, direct)


def leave_direct(number: int) -> bool:
    """Have an open file go through the cache from now on; return whether it did not."""
    if not _DIRECT:
        return False
    import fcntl

    flags = fcntl.fcntl(number, fcntl.F_GETFL)
    fcntl.fcntl(number, fcntl.F_SETFL, flags & ~_DIRECT)
    return bool(flags & _DIRECT)


def write_blocks(number: int, memory: Bytes, start: int) -> None:
    """Write whole blocks to a place that is a multiple of ``BLOCK``."""
    left = memory.data
    while left.nbytes:
        done = _through(number, os.pwrite, left, start)
        left, start = left[done:], start + done


def read_bytes(number: int, start: int, stop: int, to: memoryview) -> int:
    """Read the bytes from ``start`` to ``stop``; return how many of them there are before the file ends."""
    stage, done, begin = kept_room("stage", _STAGE_BYTES), 0, start // BLOCK * BLOCK
    while start < stop:
        found = _through(number, os.preadv, [stage[: whole_blocks(stop - begin)]], begin)
        if found == 0:
            break
        end = min(begin + found, stop)
        if end > start:
            to[done : done + end - start] = stage.data[start - begin : end - begin]
            start, done = end, done + end - start
        begin += found
    return done


def kept_room(use: str, size: int) -> Bytes:
    """Return memory of this thread for a use, ``whole_blocks(size)`` bytes: what it holds is that of the last time."""
    kept: Bytes | None = getattr(_ROOMS, use, None)
    if kept is None or kept.size < whole_blocks(size):
        memory = np.zeros(whole_blocks(size + size // 8) + BLOCK, np.uint8)
        kept = memory[-memory.ctypes.data % BLOCK :]
        setattr(_ROOMS, use, kept)
    return kept[: whole_blocks(size)]


_ROOMS = threading.local()


def _opened(path: str | Path, flags: int, direct: bool) -> int:
    try:
        return os.open(path, flags | _DIRECT if direct else flags, 0o666)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.open(path, flags, 0o666)


def _through(number: int, call: Callable[[int, Any, int], int], memory: Any, start: int) -> int:
    """Write or read; a file that refuses direct access although it was opened for it is used through the cache."""
    try:
        return call(number, memory, start)
    except OSError as error:
        if error.errno != errno.EINVAL or not leave_direct(number):
            raise
        return call(number, memory, start)
