"""Bytes come back from wherever they are in the file, with direct access and without."""

from __future__ import annotations

import errno
import fcntl
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from causal_service.panel import direct_file
from causal_service.panel.direct_file import (
    BLOCK,
    kept_room,
    leave_direct,
    open_to_read,
    open_to_write,
    read_bytes,
    whole_blocks,
    write_blocks,
)


@pytest.fixture(params=["direct", "through the cache"])
def access(request, monkeypatch):
    if request.param != "direct":
        monkeypatch.setattr(direct_file, "_DIRECT", 0)
    return request.param


def written(path, pieces):
    number, at = open_to_write(path), 0
    for piece in pieces:
        memory = kept_room("test", piece.size)
        memory[: piece.size] = piece
        memory[piece.size :] = 0
        write_blocks(number, memory, at)
        at += memory.size
    os.close(number)
    return np.concatenate([np.concatenate([p, np.zeros(whole_blocks(p.size) - p.size, np.uint8)]) for p in pieces])


def is_direct(number):
    return bool(fcntl.fcntl(number, fcntl.F_GETFL) & os.O_DIRECT)


@pytest.mark.parametrize("stage", [BLOCK, 3 * BLOCK, 1 << 20])
def test_any_stretch_of_a_file_is_read(tmp_path, access, monkeypatch, stage):
    monkeypatch.setattr(direct_file, "_STAGE_BYTES", stage)
    monkeypatch.setattr(direct_file, "_ROOMS", direct_file.threading.local())
    rng = np.random.default_rng(0)
    content = written(tmp_path / "rows", [rng.integers(0, 256, size, np.uint8) for size in (1, 70_000, 4096, 9000)])
    number = open_to_read(tmp_path / "rows", direct=True)
    spans = np.sort(rng.integers(0, content.size + 1, (200, 2)), axis=1).tolist()
    for start, stop in [*spans, (0, content.size), (4096, 8192), (4095, 4097), (7, 7)]:
        found = np.zeros(stop - start + 1, np.uint8)
        assert read_bytes(number, start, stop, found.data[: stop - start]) == stop - start
        np.testing.assert_array_equal(found[:-1], content[start:stop])
        assert found[-1] == 0
    assert is_direct(number) == (access == "direct")
    os.close(number)


def test_a_file_that_ends_early_says_how_much_there_was(tmp_path, access):
    content = written(tmp_path / "rows", [np.arange(9000, dtype=np.uint8)])
    os.truncate(tmp_path / "rows", 5000)
    number = open_to_read(tmp_path / "rows", direct=True)
    found = np.zeros(9000, np.uint8)
    assert read_bytes(number, 100, 9000, found.data) == 4900
    np.testing.assert_array_equal(found[:4900], content[100:5000])
    assert read_bytes(number, 6000, 9000, found.data) == 0
    os.close(number)


def test_what_direct_access_refuses_goes_through_the_cache(tmp_path):
    """Memory that is not aligned stands for a file system that takes the flag and refuses every write."""
    memory = kept_room("test", 3 * BLOCK)
    memory[:] = np.arange(memory.size) % 251
    number = open_to_write(tmp_path / "rows")
    write_blocks(number, memory[1 : 1 + BLOCK], 0)
    write_blocks(number, memory[:BLOCK], BLOCK)
    os.close(number)
    found = np.fromfile(tmp_path / "rows", np.uint8)
    np.testing.assert_array_equal(found, np.concatenate([memory[1 : 1 + BLOCK], memory[:BLOCK]]))


def refusing_once(function, how):
    """The call, refused the first time, or short of what it was asked for."""
    calls = []

    def call(number, memory, start):
        calls.append(start)
        if len(calls) == 1 and how == "refused":
            raise OSError(errno.EINVAL, "Invalid argument")
        if len(calls) == 1:
            memory = [memory[0][:512]] if isinstance(memory, list) else memory[:512]
        return function(number, memory, start)

    return call


@pytest.mark.parametrize("how", ["refused", "short"])
@pytest.mark.parametrize("name", ["pwrite", "preadv"])
def test_a_call_that_is_refused_or_short_loses_nothing(tmp_path, monkeypatch, name, how):
    monkeypatch.setattr(direct_file.os, name, refusing_once(getattr(os, name), how))
    content = written(tmp_path / "rows", [np.arange(20_000) % 251])
    number = open_to_read(tmp_path / "rows", direct=True)
    found = np.zeros(19_000, np.uint8)
    assert read_bytes(number, 1000, 20_000, found.data) == 19_000
    np.testing.assert_array_equal(found, content[1000:20_000])
    os.close(number)


def test_a_file_system_without_direct_access_is_used_without(tmp_path, monkeypatch):
    opened = os.open

    def plain(path, flags, mode):
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "Invalid argument")
        return opened(path, flags, mode)

    monkeypatch.setattr(direct_file.os, "open", plain)
    content = written(tmp_path / "rows", [np.arange(5000) % 251])
    number = open_to_read(tmp_path / "rows", direct=True)
    assert not is_direct(number)
    found = np.zeros(100, np.uint8)
    assert read_bytes(number, 4000, 4100, found.data) == 100
    np.testing.assert_array_equal(found, content[4000:4100])
    os.close(number)


def test_direct_access_can_be_left(tmp_path):
    number = open_to_write(tmp_path / "rows")
    assert is_direct(number)
    assert leave_direct(number)
    assert not is_direct(number)
    assert not leave_direct(number)
    os.close(number)
    number = open_to_read(tmp_path / "rows", direct=False)
    assert not is_direct(number)
    os.close(number)


def test_other_errors_are_the_callers(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_to_read(tmp_path / "nowhere", direct=True)
    number = open_to_write(tmp_path / "rows")
    os.close(number)
    with pytest.raises(OSError, match="descriptor"):
        write_blocks(number, kept_room("test", BLOCK), 0)


def test_memory_of_a_use_is_kept_aligned_and_grows():
    first = kept_room("growing", 10)
    assert first.size == BLOCK == whole_blocks(BLOCK)
    assert first.ctypes.data % BLOCK == 0
    assert kept_room("growing", 20).ctypes.data == first.ctypes.data
    larger = kept_room("growing", 50 * BLOCK + 1)
    assert larger.size == 51 * BLOCK
    assert larger.ctypes.data % BLOCK == 0
    assert not np.shares_memory(larger, kept_room("another", 10))
    for size in range(larger.size, 2 * larger.size, 1000):
        room = kept_room("growing", size)
        assert room.size == whole_blocks(size)


def test_threads_do_not_share_memory():
    mine = kept_room("shared", 10)
    with ThreadPoolExecutor(1) as other:
        assert not np.shares_memory(mine, other.submit(kept_room, "shared", 10).result())
