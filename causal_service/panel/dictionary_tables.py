"""Dictionary files as plain mappings: YAML without silent overwriting, CSV and Excel sheets with the same columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from causal_service.errors import DictionaryError, Text
from causal_service.panel.decoding import decode, sniff_separator
from causal_service.panel.dictionary_values import INDICATOR_KEYS, bad_value, known_keys_only
from causal_service.panel.files import kind_of, read_bytes
from causal_service.panel.labels import fold, normalise
from causal_service.panel.workbooks import worksheets

__all__ = ["load_mapping", "load_yaml", "read_bytes"]

Rows = Sequence[Sequence[object]]

_PARTS = {
    "name_zh": ("name", "zh"),
    "name_en": ("name", "en"),
    "definition_zh": ("definition", "zh"),
    "definition_en": ("definition", "en"),
    "step_change": ("step", "change"),
    "step_cost": ("step", "cost"),
    "bounds_low": ("bounds", "low"),
    "bounds_high": ("bounds", "high"),
}
_CHINESE = {
    "指标": "key",
    "键名": "key",
    "名称": "name",
    "中文名": "name_zh",
    "英文名": "name_en",
    "层级": "layer",
    "单位": "unit",
    "方向": "better",
    "目标值": "target",
    "可控": "controllable",
    "责任部门": "owner",
    "定义": "definition",
    "频率": "frequency",
    "公式": "formula",
    "步长": "step_change",
    "成本": "step_cost",
    "下限": "bounds_low",
    "上限": "bounds_high",
    "变换": "transform",
    "状态": "levels",
}
COLUMNS = ("key", *INDICATOR_KEYS, *_PARTS)
SHEETS = ("indicators", "layers", "knowledge", "panel", "goals")


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice instead of keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen and key_node.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def load_yaml(content: bytes, name: str) -> Any:
    """Return the content of a YAML file.

    Raises
    ------
    DictionaryError : it is not YAML, or a key is written twice; the line is named.
    """
    try:
        return yaml.load(decode(content, name), Loader=_Loader)  # nosec B506
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        RecursionError,
    ) as error:  # the last three from values like 2024-02-30
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = getattr(error, "problem", None) or "malformed"
        raise DictionaryError(
            "not-yaml",
            Text(
                f"文件“{name}”第 {line} 行不是有效的 YAML：{problem}。",
                f"File {name!r}, line {line}: not valid YAML: {problem}.",
            ),
            Text("请检查缩进、冒号、引号和重复的键。", "Check indentation, colons, quotation marks and repeated keys."),
            {"file": name, "line": line},
        ) from None


def load_mapping(path: Path) -> Any:
    """Return the dictionary in ``path`` (YAML, CSV or Excel, recognised by content) in the shape of the YAML file."""
    content = read_bytes(path)
    if kind_of(content, path.name) == "excel":
        return _from_sheets(dict(worksheets(content, path.name)))
    text = decode(content, path.name)
    separator = sniff_separator(text)
    if separator is not None and _looks_tabular(text, separator):
        return _from_sheets({"indicators": list(csv.reader(io.StringIO(text), delimiter=separator))})
    return load_yaml(content, path.name)


def _looks_tabular(text: str, separator: str) -> bool:
    header = next(csv.reader(io.StringIO(text.lstrip()), delimiter=separator), [])
    return "key" in [_column(cell) for cell in header] and ":" not in "".join(header)


def _from_sheets(sheets: Mapping[str, Rows]) -> dict[str, Any]:
    titles = {fold(title): title for title in sheets}
    main = titles.get("indicators", next(iter(sheets)))
    result: dict[str, Any] = {"indicators": _indicators(_records(sheets[main]))}
    for part in SHEETS[1:]:
        if part in titles and titles[part] != main:
            result[part] = _SHEET_READERS[part](sheets[titles[part]])
    return result


def _column(cell: object) -> str:
    label = normalise(str(cell or "")).casefold().replace(".", "_").replace(" ", "_")
    return _CHINESE.get(label, label)


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _records(rows: Rows) -> list[dict[str, object]]:
    filled = [row for row in rows if not all(_empty(cell) for cell in row)]
    if not filled:
        return []
    header = [_column(cell) for cell in filled[0]]
    return [
        {name: _trim(cell) for name, cell in zip(header, row, strict=False) if name and not _empty(cell)}
        for row in filled[1:]
    ]


def _trim(cell: object) -> object:
    return cell.strip() if isinstance(cell, str) else cell


def _indicators(records: Iterable[Mapping[str, object]]) -> dict[str, dict[str, object]]:
    result: dict[str, dict[str, object]] = {}
    for number, record in enumerate(records, start=2):
        known_keys_only(record, COLUMNS, f"indicators (row {number})")
        key = record.get("key")
        if key is None:
            raise bad_value(f"indicators (row {number}), key", key, Text("指标键名", "the key of an indicator"))
        if str(key) in result:
            raise bad_value(
                f"indicators (row {number}), key", key, Text("未重复的键名", "a key that was not used above")
            )
        result[str(key)] = _nested(record)
    return result


def _nested(record: Mapping[str, object]) -> dict[str, object]:
    """Turn flat columns (``step_change``) into the nested entry of the YAML file (``step: {change: …}``)."""
    entry: dict[str, Any] = {name: value for name, value in record.items() if name != "key" and name not in _PARTS}
    for column, (field, part) in _PARTS.items():
        if column in record:
            nested = entry.get(field)
            entry[field] = {**(nested if isinstance(nested, dict) else {}), part: record[column]}
    bounds = entry.get("bounds")
    if isinstance(bounds, dict):
        entry["bounds"] = [bounds.get("low"), bounds.get("high")]
    elif isinstance(bounds, str):
        entry["bounds"] = [part.strip() or None for part in bounds.strip("[]").split(",")]
    return entry


def _layers_sheet(rows: Rows) -> list[str]:
    words = [str(row[0]).strip() for row in rows if row and not _empty(row[0])]
    return words[1:] if words and words[0].casefold() in ("layer", "layers", "层级") else words


def _knowledge_sheet(rows: Rows) -> dict[str, list[list[object]]]:
    result: dict[str, list[list[object]]] = {}
    for number, record in enumerate(_records(rows), start=2):
        known_keys_only(record, ("kind", "cause", "effect", "lag"), f"knowledge (row {number})")
        arrow = [record.get("cause"), record.get("effect")]
        lag = record.get("lag")
        if lag is not None:
            arrow.append(int(lag) if isinstance(lag, float) and lag.is_integer() else lag)
        result.setdefault(str(record.get("kind")), []).append(arrow)
    return result


def _panel_sheet(rows: Rows) -> dict[str, object]:
    records = _records(rows)
    return dict(records[0]) if records else {}


_SHEET_READERS = {"layers": _layers_sheet, "knowledge": _knowledge_sheet, "panel": _panel_sheet, "goals": _records}
