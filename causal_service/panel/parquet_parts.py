"""The files a Parquet table consists of: each opened once for its columns and length, and closed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causal_service.errors import CallError, DataError, Text, UnreadableFile
from causal_service.panel.parquet_kinds import NULL, kind_name, kind_of
from causal_service.panel.parquet_refusals import damaged_parquet
from causal_service.panel.tables import parquet_columns

__all__ = ["Part", "cannot_open", "common_kinds", "part_of", "parts_of_folder"]

_MAGIC = b"PAR1"
_EMPTY = Text("是空文件（0 字节）", "is empty (0 bytes)")


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file as its footer describes it."""

    path: Path
    """The file."""
    columns: tuple[str, ...]
    """Its columns, without a stored index."""
    schema: Any
    """Arrow schema."""
    row_groups: tuple[int, ...]
    """Rows of every row group."""


def part_of(file: Path) -> Part | None:
    """Return what a single file holds; ``None`` if it is no Parquet file or damaged, which another reader says."""
    try:
        return _opened(file, file.name) if file.is_file() else None
    except (UnreadableFile, CallError):
        return None


def parts_of_folder(folder: Path) -> list[Part]:
    """Return the ``.parquet`` files directly inside a folder, by name; none if it holds other files only.

    Files whose name begins with a dot do not count.

    Raises
    ------
    UnreadableFile : ``damaged-parquet``, a part is empty, truncated, damaged or something else.
    CallError : ``cannot-open``, a part may not be read.
    DataError : ``empty-folder``; ``parts-in-subfolders``.
    """
    try:
        content = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    except OSError as error:
        raise cannot_open(folder, error) from None
    files = [file for file in content if file.suffix.lower() == ".parquet"]
    if any(file.is_dir() for file in files) or (not files and _parquet_below(folder)):
        raise _in_subfolders(folder.name)
    if not any(file.is_file() or file in files for file in content):
        raise _empty(folder.name)
    parts: list[Part] = []
    for file in files:
        part = _opened(file, folder.name)
        if parts and part.schema.equals(parts[0].schema, check_metadata=True):
            part = Part(file, parts[0].columns, parts[0].schema, part.row_groups)
        parts.append(part)
    return parts


def _parquet_below(folder: Path) -> bool:
    return any(file.is_file() for depth in (1, 2, 3) for file in folder.glob("*/" * depth + "*.parquet"))


def _in_subfolders(name: str) -> DataError:
    return DataError(
        "parts-in-subfolders",
        Text(
            f"“{name}”的 Parquet 文件在子文件夹中，子文件夹不会被读取。",
            f"Parquet files of {name!r} are in sub-folders, which are not read.",
        ),
        Text(
            "请不分区地重新写出，使各文件直接位于一个文件夹中并包含所有列。",
            "Write the table again without partitions: all files in one folder, all columns in every file.",
        ),
        {"folder": name},
    )


def _empty(name: str) -> DataError:
    return DataError(
        "empty-folder",
        Text(f"文件夹“{name}”中没有文件。", f"The folder {name!r} holds no files."),
        Text("请给出含有 .parquet 文件的文件夹，或一个文件。", "Give a folder with .parquet files in it, or one file."),
        {"folder": name},
    )


def _opened(file: Path, table: str) -> Part:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        with file.open("rb") as content:
            begin = content.read(len(_MAGIC))
            if begin != _MAGIC:
                raise damaged_parquet(
                    table, file.name, Text("不是 Parquet 文件", "is no Parquet file") if begin else _EMPTY
                )
            head = pq.ParquetFile(content)
            sizes = tuple(head.metadata.row_group(group).num_rows for group in range(head.num_row_groups))
            return Part(file, tuple(parquet_columns(head)), head.schema_arrow.remove_metadata(), sizes)
    except (UnreadableFile, MemoryError):
        raise
    except OSError as error:
        if error.errno is None:  # of arrow, not of the system
            raise damaged_parquet(table, file.name) from None
        raise cannot_open(file, error) from None
    except Exception:  # pyarrow raises what its own parsers and those of stored types raise
        raise damaged_parquet(table, file.name) from None


def cannot_open(file: Path, error: OSError) -> CallError:
    """Return the refusal of a file that the system does not open."""
    return CallError(
        "cannot-open",
        Text(f"文件“{file}”无法打开：{error.strerror}。", f"File {str(file)!r} cannot be opened: {error.strerror}."),
        Text("请检查文件是否存在及其权限。", "Check that the file is there, and its permissions."),
        {"path": str(file)},
    )


def common_kinds(table: str, parts: Sequence[Part]) -> dict[str, str]:
    """Return the kind of every column over all parts; one that is empty in a part is what it is in the others.

    Raises
    ------
    DataError : ``parts-differ``, two parts have different columns, or a column holds different kinds of cells.
    """
    kinds: dict[str, str] = {}
    owner: dict[str, Part] = {}
    for place, part in enumerate(parts):
        if place and part.schema is parts[0].schema:
            continue
        if Counter(part.columns) != Counter(parts[0].columns):
            raise _other_columns(table, parts[0], part)
        for name, kind in _kinds(part).items():
            if kinds.get(name, NULL) == NULL:
                kinds[name], owner[name] = kind, part
            elif kind not in (NULL, kinds[name]):
                raise _other_kind(table, name, (owner[name], kinds[name]), (part, kind))
    return kinds


def _kinds(part: Part) -> dict[str, str]:
    wanted = set(part.columns)
    return {field.name: kind_of(field) for field in part.schema if field.name in wanted}


def _other_columns(table: str, one: Part, other: Part) -> DataError:
    only = [[*(Counter(a.columns) - Counter(b.columns))] for a, b in ((one, other), (other, one))]
    holder, lacking, column = (one, other, only[0][0]) if only[0] else (other, one, only[1][0])
    return DataError(
        "parts-differ",
        Text(
            f"“{table}”中的 {one.path.name} 与 {other.path.name} 列不同：“{column}”在 {holder.path.name} 中，"
            f"不在 {lacking.path.name} 中。",
            f"In {table!r}, {one.path.name} and {other.path.name} have different columns: {column!r} is in "
            f"{holder.path.name} and not in {lacking.path.name}.",
        ),
        Text("请使各文件的列一致。", "Give all files the same columns."),
        {"files": [one.path.name, other.path.name], "columns": [*only[0], *only[1]]},
    )


def _other_kind(table: str, column: str, one: tuple[Part, str], other: tuple[Part, str]) -> DataError:
    (first, kind), (second, changed) = one, other
    names = kind_name(kind), kind_name(changed)
    return DataError(
        "parts-differ",
        Text(
            f"“{table}”的列“{column}”在 {first.path.name} 中存放{names[0].zh}，"
            f"在 {second.path.name} 中存放{names[1].zh}。",
            f"Column {column!r} of {table!r} holds {names[0].en} in {first.path.name} and {names[1].en} in "
            f"{second.path.name}.",
        ),
        Text("请在所有文件中以同一类型保存该列。", "Store this column as the same type in all files."),
        {"column": column, "files": [first.path.name, second.path.name], "kinds": [kind, changed]},
    )
