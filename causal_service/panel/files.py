"""From a path to bytes whose kind is known by their content, never by the extension alone."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Literal

from causal_service.errors import CallError, Text, UnreadableFile, nearest
from causal_service.panel.labels import nearest_text

__all__ = ["Kind", "kind_of", "read_bytes", "refuse_missing"]

Kind = Literal["text", "parquet", "excel"]

MAX_BYTES = 2**31
"""Largest file accepted after decompression (2 GiB): above it a file is refused instead of filling the memory."""

_GZIP, _ZIP, _PARQUET, _OLE = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"
_REMEDY = Text(
    "请提供 CSV、Parquet 或 Excel (.xlsx) 文件，可用 gzip 压缩。",
    "Give a CSV, Parquet or Excel (.xlsx) file, gzip allowed.",
)


def read_bytes(path: Path) -> bytes:
    """Return the content of ``path``, gunzipped when it is gzip.

    Raises
    ------
    CallError : there is no such file, or it is a directory.
    UnreadableFile : the file is empty, the gzip is truncated or damaged, or it is larger than ``MAX_BYTES``.
    """
    refuse_missing(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        what = Text(
            f"文件“{path}”无法打开：{error.strerror}。", f"File {str(path)!r} cannot be opened: {error.strerror}."
        )
        remedy = Text("请检查文件权限。", "Check the permissions of the file.")
        raise CallError("cannot-open", what, remedy, {"path": str(path)}) from None
    if not raw:
        raise _unreadable("empty-file", path.name, "是空文件（0 字节）", "is empty (0 bytes)")
    return _gunzip(raw, path.name) if raw.startswith(_GZIP) else raw


def refuse_missing(path: Path) -> None:
    """Raise ``CallError`` when there is no file at ``path``; the nearest names beside it are offered."""
    if path.is_dir():
        raise CallError(
            "is-directory",
            Text(f"“{path}”是文件夹，不是文件。", f"{str(path)!r} is a directory, not a file."),
            Text("请给出其中的文件。", "Name the files inside it."),
            {"path": str(path)},
        )
    if not path.exists():
        siblings = sorted(p.name for p in path.parent.iterdir() if p.is_file()) if path.parent.is_dir() else []
        what = Text(f"文件“{path}”不存在。", f"File {str(path)!r} does not exist.")
        near = nearest(path.name, siblings)
        remedy = nearest_text(path.name, near) if near else Text("请检查路径。", "Check the path.")
        raise CallError("no-such-file", what, remedy, {"path": str(path)})


def _gunzip(raw: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            content = stream.read(MAX_BYTES + 1)
    except (EOFError, OSError, zlib.error):
        raise _unreadable(
            "damaged-gzip", name, "的 gzip 内容被截断或已损坏", "is a truncated or damaged gzip file"
        ) from None
    if len(content) > MAX_BYTES:
        raise _unreadable("too-large", name, "解压后超过 2 GiB", "is larger than 2 GiB when decompressed")
    if not content:
        raise _unreadable("empty-file", name, "解压后为空", "is empty when decompressed")
    return content


def kind_of(content: bytes, name: str) -> Kind:
    """Return what ``content`` is, by its first bytes.

    Raises
    ------
    UnreadableFile : an old ``.xls``, a zip that is no workbook, or binary content.
    """
    if content.startswith(_PARQUET):
        return "parquet"
    if content.startswith(_ZIP):
        if b"xl/workbook" in content:
            return "excel"
        raise _unreadable(
            "not-a-table", name, "是压缩包而不是 Excel 工作簿", "is a zip archive but not an Excel workbook"
        )
    if content.startswith(_OLE):
        remedy = Text("请在 Excel 中另存为 .xlsx 或 CSV。", "Save it as .xlsx or CSV in Excel.")
        raise _unreadable("old-excel", name, "是旧版 Excel (.xls)", "is an old Excel file (.xls)", remedy)
    return "text"


def _unreadable(code: str, name: str, zh: str, en: str, remedy: Text = _REMEDY) -> UnreadableFile:
    return UnreadableFile(code, Text(f"文件“{name}”{zh}。", f"File {name!r} {en}."), remedy, {"file": name})
