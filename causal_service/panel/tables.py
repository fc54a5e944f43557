"""One table as it stands in a file or data frame: headers checked, cells untouched, every row with its line number."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.errors import CausalServiceError, DataError, Text, UnreadableFile
from causal_service.panel.calendar import are_periods
from causal_service.panel.decoding import decode, sniff_separator
from causal_service.panel.files import kind_of, read_bytes
from causal_service.panel.findings import Finding
from causal_service.panel.labels import listed, normalise
from causal_service.panel.parquet_refusals import damaged_parquet
from causal_service.panel.statements import Params, about_panel
from causal_service.panel.workbooks import worksheets

__all__ = [
    "MAX_INDICATORS",
    "RawTable",
    "headers_of",
    "parquet_columns",
    "read_table",
    "short_row_findings",
    "table_from_frame",
]

MAX_INDICATORS = 500
"""Most indicators a panel may have; wider tables are refused by their header, before any cell is read."""

_OPEN_QUOTE = ("起的引号未正确闭合", "opens a quotation mark that is not closed properly")
_LONG_FIELD = (
    f"起的一个单元格超过 {csv.field_size_limit():,} 个字符",
    f"holds a cell of more than {csv.field_size_limit():,} characters",
)
_LINE, _ROW = Text("行", "line"), Text("行", "row")


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table before its meaning is known."""

    name: str
    """File name, or ``data frame``."""
    frame: pd.DataFrame
    """Cells as read, columns by normalised header, rows without the entirely empty ones."""
    lines: NDArray[np.int64]
    """Line (text file) or row (sheet, frame) number of each row, counted from 1 with the header."""
    row_word: Text
    """What ``lines`` counts."""
    separator: str = ""
    """What separates the fields of a text file."""
    short: tuple[int, ...] = ()
    """Lines with fewer fields than the header of a text file; the missing ones are empty."""


def read_table(path: Path) -> RawTable:
    """Read the first table of a CSV, Parquet or Excel file, recognised by content.

    Raises
    ------
    CallError : the file does not exist or is a directory.
    UnreadableFile : empty, truncated, binary, header only, without a table, or too wide.
    DataError : two columns of one name, or a column without a name.
    """
    content = read_bytes(path)
    reader = {"text": _read_text, "parquet": _read_parquet, "excel": _read_excel}[kind_of(content, path.name)]
    return reader(content, path.name)


def short_row_findings(tables: Sequence[RawTable]) -> list[Finding]:
    """Say so where rows have fewer fields than the header: a separator left out moves values to other columns."""
    return [_short_rows(table) for table in tables if table.short]


def _short_rows(table: RawTable) -> Finding:
    count, where = len(table.short), listed(table.short)
    message = Text(
        f"“{table.name}”有 {count} 行的字段比表头少（第 {where} 行），缺少的末尾字段按空值读取。",
        f"{table.name!r}: rows with fewer fields than the header: {count} (line {where}). Those missing at the end "
        "were read as empty.",
    )
    remedy = Text(
        "请核对这些行：若中间漏了分隔符，其后的数值会错列。",
        "Check these rows: where a separator is missing in the middle, the values behind it stand in wrong columns.",
    )
    params: Params = {"file": table.name, "rows": count}
    return about_panel("short-rows", "review", message=message, remedy=remedy, params=params)


def table_from_frame(frame: pd.DataFrame) -> RawTable:
    """Return a data frame as a table; named index levels become columns."""
    name = "data frame"
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    headers = headers_of(list(frame.columns), name, [])
    body = frame.set_axis(headers, axis=1).loc[:, [bool(header) for header in headers]]
    return _finish(name, body, np.arange(1, len(body) + 1, dtype=np.int64), _ROW)


def _read_text(content: bytes, name: str) -> RawTable:
    text = decode(content, name)
    lead = len(text) - len(text.lstrip("\r\n \ufeff"))
    skipped = text[:lead].count("\n") or text[:lead].count("\r")
    text = text[lead:] if skipped else text
    if not text.strip():
        raise _no_table("empty-file", name, "没有内容", "has no content")
    separator = sniff_separator(text) or ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    labels = _header_record(rows, name, skipped)
    _refuse_wide(labels, name)
    body, lines = _records(rows, len(labels), name, skipped)
    named = max((place for place, label in enumerate(labels, 1) if label.strip()), default=0)
    short = tuple(int(at) + skipped for row, at in zip(body, lines, strict=True) if len(row) < named)
    headers = headers_of(labels, name, body[:200])
    columns = {header: _cells(body, index) for index, header in enumerate(headers) if header}
    table = _finish(name, pd.DataFrame(columns, index=range(len(body))), lines + skipped, _LINE)
    kept = set(table.lines.tolist())
    return replace(table, separator=separator, short=tuple(line for line in short if line in kept))


def _header_record(rows: Any, name: str, skipped: int) -> list[str]:
    try:
        return list(next(rows))
    except csv.Error as error:
        raise _ragged(name, 1 + skipped, *_fault(error)) from None


def _records(rows: Any, width: int, name: str, skipped: int) -> tuple[list[list[str]], NDArray[np.int64]]:
    """Return the non-empty records and the line on which each begins; refuse records longer than the header."""
    body: list[list[str]] = []
    lines: list[int] = []
    begin = rows.line_num + 1
    try:
        for row in rows:
            if len(row) > width and any(cell.strip() for cell in row[width:]):
                raise _ragged(
                    name,
                    begin + skipped,
                    f"有 {len(row)} 个字段，表头有 {width} 个",
                    f"has {len(row)} fields, the header {width}",
                )
            if any(row):
                body.append(row)
                lines.append(begin)
            begin = rows.line_num + 1
    except csv.Error as error:
        raise _ragged(name, begin + skipped, *_fault(error)) from None
    return body, np.array(lines, dtype=np.int64)


def _fault(error: csv.Error) -> tuple[str, str]:
    """Return in both languages what the reader did not like."""
    return _LONG_FIELD if "field limit" in str(error) else _OPEN_QUOTE


def _cells(body: Sequence[Sequence[object]], index: int) -> pd.Series:
    """Return one column; blank cells become ``None``."""
    cells = [row[index] if index < len(row) else None for row in body]
    return pd.Series([None if isinstance(cell, str) and not cell.strip() else cell for cell in cells], dtype=object)


def _ragged(name: str, line: int, zh: str, en: str) -> UnreadableFile:
    return UnreadableFile(
        "ragged-file",
        Text(f"文件“{name}”第 {line} 行{zh}。", f"File {name!r}, line {line}: {en}."),
        Text("请检查多余的分隔符和未闭合的引号。", "Check for extra separators and quotation marks never closed."),
        {"file": name, "line": line},
    )


def _read_parquet(content: bytes, name: str) -> RawTable:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        stored = parquet_columns(file)
        headers = headers_of(stored, name, [])
        frame = _plain_columns(file.read(), name).to_pandas()
    except (CausalServiceError, MemoryError):
        raise
    except Exception:  # pyarrow raises what its own parsers and those of the stored index raise
        raise damaged_parquet(name, name) from None
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    place = {str(column): at for at, column in enumerate(frame.columns)}
    if len(place) == frame.shape[1] and place.keys() >= set(stored):  # an index stands first now and last in the file
        frame = frame.iloc[:, [place[column] for column in stored]]
    frame = frame.set_axis(headers, axis=1) if len(headers) == frame.shape[1] else frame
    return _finish(name, frame, np.arange(1, len(frame) + 1, dtype=np.int64), _ROW)


def _plain_columns(table: Any, name: str) -> Any:
    """Return ``table`` with bytes read as UTF-8 text; refuse columns whose cells are no single values."""
    import pyarrow as pa

    for index, column in enumerate(table.schema):
        kind = column.type
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            try:
                table = table.set_column(index, column.name, table.column(index).cast(pa.binary()).cast(pa.string()))
            except pa.ArrowException:
                raise _not_plain(name, column.name, Text("字节", "bytes")) from None
        elif pa.types.is_nested(kind):
            raise _not_plain(name, column.name, Text("列表或结构", "lists or records"))
    return table


def _not_plain(name: str, column: str, kind: Text) -> DataError:
    return DataError(
        "not-plain-values",
        Text(f"“{name}”的列“{column}”存放的是{kind.zh}。", f"Column {column!r} of {name!r} holds {kind.en}."),
        Text("请在每个单元格中只存放一个数值、词语或日期。", "Keep one number, word or date in each cell."),
        {"file": name, "column": column},
    )


def parquet_columns(file: Any) -> list[str]:
    """Return the columns of an open Parquet file as they stand in it, without a stored index."""
    return [str(column) for column in file.schema_arrow.names if not str(column).startswith("__index_level_")]


def _read_excel(content: bytes, name: str) -> RawTable:
    for _, rows in worksheets(content, name):
        for number, header in enumerate(rows, start=1):
            if any(cell is not None and str(cell).strip() for cell in header):
                return _sheet(name, number, header, rows[number:])
    raise _no_table("empty-file", name, "没有内容", "has no content")


def _sheet(name: str, number: int, header: Sequence[object], body: list[list[object]]) -> RawTable:
    _refuse_wide([str(cell or "") for cell in header], name)
    headers = headers_of(list(header), name, body[:200])
    kept = [index for index, label in enumerate(headers) if label]
    frame = pd.DataFrame({headers[index]: _cells(body, index) for index in kept}, index=range(len(body)))
    return _finish(name, frame, np.arange(len(frame), dtype=np.int64) + number + 1, _ROW)


def headers_of(cells: Sequence[object], name: str, probe: Sequence[Sequence[object]]) -> list[str]:
    """Return normalised headers; an unnamed column without content becomes ``""``.

    Raises
    ------
    UnreadableFile : more than ``MAX_INDICATORS`` columns that are not periods.
    DataError : a name occurs twice, or a column with content has no name.
    """
    labels = [normalise(str(cell)) if cell is not None else "" for cell in cells]
    _refuse_wide(labels, name)
    twice = [label for label, count in Counter(labels).items() if count > 1 and label]
    if twice:
        places = {label: [i + 1 for i, other in enumerate(labels) if other == label] for label in twice}
        shown = listed(f"{label} ({'/'.join(map(str, at))})" for label, at in places.items())
        raise DataError(
            "duplicate-columns",
            Text(f"“{name}”中有重名的列（列号）：{shown}。", f"{name!r} has columns of one name (positions): {shown}."),
            Text("请为每一列取不同的名称。", "Give every column its own name."),
            {"file": name, "columns": twice},
        )
    for index, label in enumerate(labels):
        if not label and any(index < len(row) and str(row[index] or "").strip() for row in probe):
            if index == 0 and _counts_rows([row[0] for row in probe if row]):
                continue
            raise DataError(
                "unnamed-column",
                Text(f"“{name}”的第 {index + 1} 列没有列名。", f"Column {index + 1} of {name!r} has no name."),
                Text("请在表头中补上列名，或删除该列。", "Name it in the header, or delete it."),
                {"file": name, "position": index + 1},
            )
    return labels


def _counts_rows(cells: Sequence[object]) -> bool:
    """Return whether a leading unnamed column only numbers the rows (an index written by accident)."""
    digits = [str(cell).strip() for cell in cells]
    return all(text.isdigit() for text in digits) and [int(text) for text in digits] in (
        list(range(len(digits))),
        list(range(1, len(digits) + 1)),
    )


def _refuse_wide(labels: Sequence[str], name: str) -> None:
    limit = MAX_INDICATORS + 10
    if len(labels) <= limit or are_periods([label for label in labels[5:25] if label]):
        return
    raise UnreadableFile(
        "too-many-columns",
        Text(
            f"“{name}”有 {len(labels):,} 列，最多支持 {MAX_INDICATORS} 个指标。",
            f"{name!r} has {len(labels):,} columns; at most {MAX_INDICATORS} indicators are supported.",
        ),
        Text("请只保留要研究的指标，或改为长表。", "Keep only the indicators to be studied."),
        {"file": name, "columns": len(labels), "limit": MAX_INDICATORS},
    )


def _finish(name: str, frame: pd.DataFrame, lines: NDArray[np.int64], row_word: Text) -> RawTable:
    """Drop entirely empty rows and refuse tables without rows."""
    filled = frame.notna().any(axis=1).to_numpy() if len(frame) else np.empty(0, bool)
    frame, lines = frame.loc[filled].reset_index(drop=True), lines[filled]
    if frame.shape[1] < 2 and row_word is not _ROW:
        raise _no_table("no-table", name, "只有一列，找不到分隔符", "has a single column; no separator was found")
    if not len(frame):
        raise _no_table("header-only", name, "只有表头，没有数据行", "has a header but no rows")
    return RawTable(name, frame, lines, row_word)


def _no_table(code: str, name: str, zh: str, en: str) -> UnreadableFile:
    return UnreadableFile(
        code,
        Text(f"“{name}”{zh}。", f"{name!r} {en}."),
        Text(
            "请提供一张表：第一行是列名，其后每行一条记录。",
            "Give one table: column names in the first row, then one record per row.",
        ),
        {"file": name},
    )
