"""From bytes to text and from text to fields: encoding and separator, recognised from the content."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator

from causal_service.errors import Text, UnreadableFile

__all__ = ["decode", "sniff_separator"]

SEPARATORS = (",", ";", "\t", "|")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x1c-\x1f\x7f]")
_BEYOND = re.compile(b"[\x80-\xff]+")
"""Bytes beyond ASCII: side by side in nearly all Chinese characters, mostly alone in Western words."""
_PROBE_LINES = 60


def decode(content: bytes, name: str) -> str:
    """Return the text of ``content``: UTF-16 or UTF-8 by its byte order mark, else UTF-8, Windows-1252 or GB18030.

    Raises
    ------
    UnreadableFile : the bytes are no text in any of these encodings.
    """
    for encoding in _candidates(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text[:1_000_000]):
            return text.lstrip("\ufeff")
    raise UnreadableFile(
        "not-text",
        Text(f"文件“{name}”不是可识别的文本或表格（二进制内容）。", f"File {name!r} is binary, not a table or text."),
        Text(
            "请提供 UTF-8、GB18030、UTF-16 或 Windows-1252 编码的 CSV，或 Parquet、Excel 文件。",
            "Give a CSV in UTF-8, GB18030, UTF-16 or Windows-1252, or a Parquet or Excel file.",
        ),
        {"file": name},
    )


def _candidates(content: bytes) -> Iterator[str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield "utf-16"
        return
    probe = content[:4000]
    if probe.count(0) > len(probe) // 3:
        yield "utf-16-le" if probe[1:2] == b"\0" else "utf-16-be"
        return
    yield "utf-8-sig"
    runs = [len(run) for run in _BEYOND.findall(content[:1_000_000])]
    if 2 * sum(run for run in runs if run > 1) < sum(runs):
        yield "cp1252"
    yield "gb18030"


def sniff_separator(text: str) -> str | None:
    """Return the separator that splits the first lines most consistently, or ``None`` when there is only one column.

    Among ``, ; tab |`` the one whose field count in the header is shared by most lines wins; ties go to more fields.
    """
    lines = [line for line in text[:200_000].splitlines()[: _PROBE_LINES + 1] if line.strip()][:_PROBE_LINES]
    best: tuple[float, int] = (0.0, 1)
    chosen = None
    for separator in SEPARATORS:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        except csv.Error:  # a field longer than the reader takes
            continue
        if not counts or counts[0] < 2:
            continue
        agreement = Counter(counts)[counts[0]] / len(counts)
        if (round(agreement, 1), counts[0]) > best:
            best, chosen = (round(agreement, 1), counts[0]), separator
    return chosen
