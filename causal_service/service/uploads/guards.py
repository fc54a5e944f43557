"""What a file would become, before anything opens it: kind, unpacked size, columns, cells."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from causal_service.errors import Text, UnreadableFile
from causal_service.panel.files import Kind, kind_of
from causal_service.service.refusals import TooMuch, body_too_large

__all__ = ["Limits", "first_look", "second_look"]

_CHUNK = 2**20
_HEAD = 2**16
_GZIP = b"\x1f\x8b"
_MOST_ENTRIES = 10_000
_SEPARATORS = (b",", b";", b"\t", b"|")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a table may measure."""

    unpacked: int
    """Bytes after decompression."""
    columns: int
    """Columns."""
    cells: int
    """Rows x columns."""


def first_look(path: Path, name: str, limits: Limits) -> Kind:
    """Return what a file is by its content, reading it once in pieces (no parser sees it).

    Raises
    ------
    UnreadableFile : no kind of file we read, or damaged gzip.
    TooMuch : ``too-large``, ``too-many-columns`` or ``too-many-cells``.
    """
    with _unpacked(path, name) as stream:
        head = stream.read(_HEAD)
        kind = "excel" if head.startswith(b"PK\x03\x04") else kind_of(head, name)
        if kind == "text":
            _measure_text(stream, head, name, limits)
        else:
            _measure_bytes(stream, len(head), limits)
    return kind


def second_look(path: Path, name: str, limits: Limits) -> None:
    """Measure a workbook or Parquet file by its own directory; called in the process that will read it.

    Raises
    ------
    UnreadableFile : the directory is damaged, or it is another kind of archive.
    TooMuch : as in ``first_look``.
    """
    with _unpacked(path, name) as stream:
        head = stream.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        with _plain(path, name) as file:
            _measure_workbook(file, name, limits)
    elif head.startswith(b"PAR1"):
        with _plain(path, name) as file:
            _measure_parquet(file, name, limits)


@contextmanager
def _unpacked(path: Path, name: str) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        try:
            if packed:
                with gzip.GzipFile(fileobj=raw) as stream:
                    yield cast("IO[bytes]", stream)
            else:
                yield raw
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise _damaged(name) from None


@contextmanager
def _plain(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open a file for random access, unpacked beside itself when it is gzip."""
    with path.open("rb") as raw:
        if raw.read(2) != _GZIP:
            raw.seek(0)
            yield raw
            return
    beside = path.with_name(f"{path.name}.unpacked")
    try:
        with _unpacked(path, name) as stream, beside.open("wb") as out:
            while piece := stream.read(_CHUNK):
                out.write(piece)
        with beside.open("rb") as file:
            yield file
    finally:
        beside.unlink(missing_ok=True)


def _measure_text(stream: IO[bytes], head: bytes, name: str, limits: Limits) -> None:
    line = head.lstrip(b"\xef\xbb\xbf\r\n").split(b"\n", 1)[0]
    columns = 1 + max(line.count(mark) for mark in _SEPARATORS)
    if columns > limits.columns or (len(line) == _HEAD and columns > limits.columns // 2):
        raise _too_many("columns", columns, limits.columns)
    size, rows, piece = 0, 0, head
    while piece:
        size += len(piece)
        rows += piece.count(b"\n") or piece.count(b"\r")
        _check_size(size, limits)
        if rows * columns > limits.cells:
            raise _too_many("cells", rows * columns, limits.cells)
        piece = stream.read(_CHUNK)


def _measure_bytes(stream: IO[bytes], size: int, limits: Limits) -> None:
    while piece := stream.read(_CHUNK):
        size += len(piece)
        _check_size(size, limits)


def _measure_workbook(file: IO[bytes], name: str, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise _damaged(name) from None
    if not any(entry.filename.startswith("xl/workbook") for entry in entries):
        kind_of(b"PK\x03\x04", name)
    if len(entries) > _MOST_ENTRIES:
        raise body_too_large(limits.unpacked)
    _check_size(sum(entry.file_size for entry in entries), limits)


def _measure_parquet(file: IO[bytes], name: str, limits: Limits) -> None:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        found: Any = pq.read_metadata(file)
        groups = [found.row_group(k) for k in range(found.num_row_groups)]
        size = sum(max(group.total_byte_size, 0) for group in groups)
        rows = max(found.num_rows, sum(group.num_rows for group in groups))
    except (pa.ArrowException, OSError, ValueError):
        raise _damaged(name) from None
    if found.num_columns > limits.columns:
        raise _too_many("columns", found.num_columns, limits.columns)
    if rows * found.num_columns > limits.cells:
        raise _too_many("cells", rows * found.num_columns, limits.cells)
    _check_size(size, limits)


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.unpacked:
        raise body_too_large(limits.unpacked)


def _too_many(what: str, count: int, limit: int) -> TooMuch:
    word = {"columns": Text("列", "columns"), "cells": Text("单元格", "cells")}[what]
    return TooMuch(
        f"too-many-{what}",
        Text(
            f"表格至少有 {count:,} 个{word.zh}，上限为 {limit:,}。",
            f"The table has at least {count:,} {word.en}; the limit is {limit:,}.",
        ),
        Text("请只保留需要的列和行。", "Keep only the rows and columns needed."),
        {"count": count, "limit": limit},
    )


def _damaged(name: str) -> UnreadableFile:
    return UnreadableFile(
        "damaged-file",
        Text(f"文件“{name}”被截断或已损坏。", f"The file {name!r} is truncated or damaged."),
        Text("请重新导出后上传。", "Export it again, then upload it."),
        {"file": name},
    )
