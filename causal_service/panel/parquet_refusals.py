"""What a Parquet table that is to be read in pieces is refused for by its columns, before any cell is read."""

from __future__ import annotations

from causal_service.errors import CallError, DataError, Text, UnreadableFile
from causal_service.panel.parquet_kinds import kind_name

__all__ = [
    "damaged_parquet",
    "few_entities",
    "key_kind",
    "long_in_pieces",
    "no_indicators",
    "no_rows",
    "refuse_memory",
    "text_in_numbers",
]

_ONE_FILE = Text(
    "请先合并为一个文件再读入内存：pandas.read_parquet(文件夹).to_parquet(文件)。",
    "Join the parts to one file, which is read into memory: pandas.read_parquet(folder).to_parquet(file).",
)
_DAMAGED = Text("是损坏的 Parquet 文件", "is a damaged Parquet file")


def refuse_memory(name: str, entity: str | None, period: str | None, stream: bool | None) -> None:
    """Refuse to read a folder as a table in memory, or without keys.

    Raises
    ------
    CallError : ``folder-in-pieces``; ``folder-without-keys``.
    """
    if stream is False:
        raise CallError(
            "folder-in-pieces",
            Text(f"文件夹“{name}”只能分块读取。", f"The folder {name!r} can be read in pieces only."),
            Text(f"请去掉 --stream no。或：{_ONE_FILE.zh}", f"Leave out --stream no. Or: {_ONE_FILE.en}"),
            {"folder": name},
        )
    if entity is None or period is None:
        lacking = Text("实体列", "entity column") if entity is None else Text("时间列", "period column")
        raise CallError(
            "folder-without-keys",
            Text(
                f"文件夹“{name}”分块读取，需要实体列和时间列，但没有给出{lacking.zh}。",
                f"The folder {name!r} is read in pieces by entity and period, but no {lacking.en} was named.",
            ),
            Text(
                f"请用 --entity 和 --period 指明。没有该列时：{_ONE_FILE.zh}",
                f"Name them with --entity and --period. If there is no such column: {_ONE_FILE.en}",
            ),
            {"folder": name},
        )


def few_entities(name: str, count: int, least: int) -> DataError:
    """Return the refusal of a folder with fewer entities than are read in pieces."""
    return DataError(
        "few-entities-in-pieces",
        Text(
            f"文件夹“{name}”只有 {count} 个实体，分块读取至少需要 {least} 个。",
            f"The folder {name!r} has {count} entities; read in pieces it needs at least {least}.",
        ),
        _ONE_FILE,
        {"folder": name, "entities": count, "least": least},
    )


def no_rows(name: str) -> UnreadableFile:
    """Return the refusal of parts that have columns only."""
    return UnreadableFile(
        "header-only",
        Text(f"“{name}”中的文件没有数据行。", f"The files in {name!r} have no rows."),
        Text("请给出含有数据的文件。", "Give files with data in them."),
        {"file": name},
    )


def long_in_pieces(name: str, column: str) -> DataError:
    """Return the refusal of a folder that holds a long table."""
    return DataError(
        "long-in-pieces",
        Text(
            f"“{name}”像是长表：列“{column}”存放指标名，而分块读取只支持宽表。",
            f"{name!r} looks like a long table: column {column!r} names the indicator. Only wide tables are read in "
            "pieces.",
        ),
        Text(
            f"请改为每个指标一列；若该列只是标签，请改名。或：{_ONE_FILE.zh}",
            f"Give every indicator its own column; rename the column if it is a label only. Or: {_ONE_FILE.en}",
        ),
        {"folder": name, "column": column},
    )


def key_kind(name: str, column: str, kind: str) -> DataError:
    """Return the refusal of a folder whose entity or period column is of a kind that has no labels."""
    said = kind_name(kind)
    return DataError(
        "not-plain-values",
        Text(
            f"“{name}”的列“{column}”存放的是{said.zh}，不能作为实体或时间。",
            f"Column {column!r} of {name!r} holds {said.en}, which cannot be entities or periods.",
        ),
        Text("请在所有文件中以文字、整数或日期保存该列。", "Store it as text, whole numbers or dates in all files."),
        {"file": name, "column": column, "kind": kind},
    )


def no_indicators(name: str) -> DataError:
    """Return the refusal of parts without a numeric column that is neither key nor weight."""
    return DataError(
        "no-indicators",
        Text(f"“{name}”中没有数值指标列。", f"{name!r} holds no numeric indicator column."),
        Text(
            "请检查实体列和时间列，并在 Parquet 中以数值类型保存指标。",
            "Check the entity and period columns, and store indicators as numbers in the Parquet files.",
        ),
        {"file": name},
    )


def text_in_numbers(name: str, header: str) -> DataError:
    """Return the refusal of a declared indicator, or a weight, that is no number."""
    return DataError(
        "text-in-numbers",
        Text(f"“{name}”的数值列“{header}”保存为文字。", f"{name!r}: numeric column {header!r} is stored as text."),
        Text(
            "请在 Parquet 中以数值类型保存；文字列请从词典中删除。",
            "Store it as numbers in the Parquet file; remove it from the dictionary if it is a label.",
        ),
        {"file": name, "column": header},
    )


def damaged_parquet(table: str, file: str, how: Text = _DAMAGED) -> UnreadableFile:
    """Return the refusal of a file that cannot be read as Parquet; ``table`` is the name of its folder or its own."""
    inside = table != file
    return UnreadableFile(
        "damaged-parquet",
        Text(
            f"“{table}”中的“{file}”{how.zh}。" if inside else f"“{file}”{how.zh}。",
            f"{file!r} in {table!r} {how.en}." if inside else f"{file!r} {how.en}.",
        ),
        Text("请重新写出该文件，或将它移出文件夹。", "Write this file again, or move it out of the folder.")
        if inside
        else Text("请重新写出该文件。", "Write this file again."),
        {"file": file},
    )
