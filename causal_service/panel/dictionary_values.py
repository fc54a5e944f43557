"""Fields of one dictionary entry: what each may contain, and how it is refused."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args

from causal_service.errors import DictionaryError, Text, nearest
from causal_service.panel.dictionary import Better, Goal, Indicator, Step, Transform
from causal_service.panel.labels import fold, nearest_text

__all__ = ["bad_value", "goal_entry", "indicator_entry", "known_keys_only", "layer_names", "mapping", "optional_text"]

T = TypeVar("T")

INDICATOR_KEYS = (
    "name",
    "layer",
    "unit",
    "better",
    "target",
    "controllable",
    "owner",
    "definition",
    "frequency",
    "formula",
    "step",
    "bounds",
    "transform",
    "levels",
)
TOP = "top level"
"""Name of the outermost mapping of the file."""
_TRUE = {"true", "yes", "y", "1", "是", "可控"}
_FALSE = {"false", "no", "n", "0", "否", "不可控"}


def bad_value(where: str, got: object, wanted: Text, remedy: Text | None = None) -> DictionaryError:
    """Return the error for a value of the wrong kind at ``where``."""
    shown = repr(got) if len(repr(got)) <= 60 else repr(got)[:57] + "…"
    return DictionaryError(
        "dictionary-value",
        Text(
            f"指标字典 {chinese_place(where)} 处应为{wanted.zh}，实际为 {shown}。",
            f"Dictionary, {where}: must be {wanted.en}, got {shown}.",
        ),
        remedy or Text("请在字典文件中改正该值。", "Correct this value in the dictionary file."),
        {"where": where, "got": shown},
    )


def chinese_place(where: str) -> str:
    """Return ``where`` for a Chinese sentence."""
    return "最外层" if where == TOP else where


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """Return ``value`` as a mapping with text keys; ``None`` counts as empty."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise bad_value(where, value, Text("“键: 值”结构", "a mapping of keys to values"))
    return {_text_key(key, where): entry for key, entry in value.items()}


def _text_key(key: object, where: str) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    raise bad_value(
        where,
        key,
        Text("文字键名", "a key that is text"),
        Text("请给该键加上引号。", "Put the key in quotation marks."),
    )


def known_keys_only(value: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse any key outside ``known``, naming the nearest known one and where it stands."""
    names = tuple(known)
    for key in value:
        if key not in names:
            raise DictionaryError(
                "unknown-key",
                Text(
                    f"指标字典 {chinese_place(where)} 处有未知的键“{key}”。",
                    f"Dictionary, {where}: unknown key {key!r}.",
                ),
                nearest_text(key, names),
                {"where": where, "key": key, "nearest": list(nearest(key, names))},
            )


def layer_names(value: object) -> tuple[str, ...]:
    """Return the ordered layers declared by the dictionary."""
    wanted = Text("各不相同的层级名称列表", "a list of distinct layer names")
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(item, str) for item in value):
        raise bad_value("layers", value, wanted)
    if len(set(value)) != len(value):
        raise bad_value("layers", value, wanted)
    return tuple(value)


def optional_text(value: object, where: str) -> str:
    """Return text; ``None`` is empty and a bare number is taken as written."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        if hasattr(value, "isoformat"):
            return str(value.isoformat())
        raise bad_value(where, value, Text("文字", "text"))
    return str(value).strip()


def _bilingual(value: object, where: str, default: str) -> Text:
    if value is None:
        return Text(default, default)
    if isinstance(value, Mapping):
        entry = mapping(value, where)
        known_keys_only(entry, ("zh", "en"), where)
        zh, en = (optional_text(entry.get(lang), f"{where}.{lang}") for lang in ("zh", "en"))
        return Text(zh or en or default, en or zh or default)
    text = optional_text(value, where) or default
    return Text(text, text)


def _finite(value: object, where: str) -> float:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise bad_value(where, value, Text("一个有限的数", "a finite number"))
    return float(value)


def _choice(value: object, where: str, allowed: tuple[str, ...]) -> str:
    if isinstance(value, str) and value.strip().casefold() in allowed:
        return value.strip().casefold()
    wanted = Text(f"{'、'.join(allowed)} 之一", f"one of {', '.join(allowed)}")
    raise bad_value(where, value, wanted, nearest_text(str(value), allowed))


def _truth(value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise bad_value(where, value, Text("true 或 false", "true or false"))


def _layer(value: object, where: str, layers: tuple[str, ...]) -> str:
    text = optional_text(value, where)
    if text in layers:
        return text
    raise DictionaryError(
        "unknown-layer",
        Text(
            f"指标字典 {where} 处的层级“{text}”未在 layers 中声明。",
            f"Dictionary, {where}: layer {text!r} is not declared.",
        ),
        nearest_text(text, layers),
        {"where": where, "layer": text, "layers": list(layers)},
    )


def _step(value: object, where: str) -> Step:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        value = {"change": value}
    entry = mapping(value, where)
    known_keys_only(entry, ("change", "cost"), where)
    if entry.get("change") is None:
        raise bad_value(
            where,
            dict(entry),
            Text("含 change 的一步可行变动", "a feasible move with `change`"),
            Text("请写成 step: {change: -1, cost: 20000}。", "Write step: {change: -1, cost: 20000}."),
        )
    change = _finite(entry["change"], f"{where}.change")
    if change == 0:
        raise bad_value(f"{where}.change", change, Text("非零的数", "a number other than zero"))
    cost = None if entry.get("cost") is None else _finite(entry["cost"], f"{where}.cost")
    if cost is not None and cost < 0:
        raise bad_value(f"{where}.cost", cost, Text("不小于零的数", "zero or more"))
    return Step(change, cost)


def _bounds(value: object, where: str) -> tuple[float | None, float | None]:
    wanted = Text("[下限, 上限] 两个数，下限小于上限", "[low, high], two numbers with low below high")
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise bad_value(where, value, wanted)
    low, high = (None if item is None else _finite(item, where) for item in value)
    if low is not None and high is not None and low >= high:
        raise bad_value(where, list(value), wanted)
    return low, high


def _levels(value: object, where: str) -> tuple[str, ...]:
    words = re.split("[<,，、;；|]", value) if isinstance(value, str) else value
    wanted = Text("至少两个互不相同的状态，由低到高", "two or more distinct states, lowest first")
    if not isinstance(words, (list, tuple)):
        raise bad_value(where, value, wanted)
    names = tuple(("yes" if word else "no") if isinstance(word, bool) else str(word).strip() for word in words)
    if len(names) < 2 or "" in names or len({fold(name) for name in names}) < len(names):
        raise bad_value(
            where, value, wanted, Text("例如 levels: [低, 中, 高]。", "For example levels: [low, normal, high].")
        )
    return names


def _read(entry: Mapping[str, Any], field: str, where: str, parse: Callable[[object, str], T]) -> T | None:
    raw = entry.get(field)
    return None if raw is None or raw in ("", (), []) else parse(raw, f"{where}.{field}")


def indicator_entry(key: str, value: object, layers: tuple[str, ...]) -> Indicator:
    """Return the entry of one indicator.

    Raises
    ------
    DictionaryError : an unknown key (nearest offered), a value of the wrong kind, or an undeclared layer.
    """
    where = f"indicators.{key}"
    entry = mapping(value, where)
    known_keys_only(entry, INDICATOR_KEYS, where)

    better = _read(entry, "better", where, lambda raw, at: _choice(raw, at, get_args(Better)))
    target = _read(entry, "target", where, _finite)
    if better == "target" and target is None:
        raise bad_value(
            f"{where}.target",
            None,
            Text("目标值（better: target 时必填）", "the desired value (needed with better: target)"),
            Text("请补充 target: 数值。", "Add target: NUMBER."),
        )
    return Indicator(
        key=key,
        name=_bilingual(entry.get("name"), f"{where}.name", key),
        layer=_read(entry, "layer", where, lambda raw, at: _layer(raw, at, layers)),
        unit=optional_text(entry.get("unit"), f"{where}.unit"),
        better=better,  # type: ignore[arg-type]
        target=target,
        controllable=_read(entry, "controllable", where, _truth),
        owner=optional_text(entry.get("owner"), f"{where}.owner"),
        definition=_bilingual(entry.get("definition"), f"{where}.definition", ""),
        frequency=optional_text(entry.get("frequency"), f"{where}.frequency"),
        formula=optional_text(entry.get("formula"), f"{where}.formula"),
        step=_read(entry, "step", where, _step),
        bounds=_read(entry, "bounds", where, _bounds),
        transform=_read(entry, "transform", where, lambda raw, at: _choice(raw, at, get_args(Transform))),  # type: ignore[return-value, arg-type]
        levels=_read(entry, "levels", where, _levels) or (),
    )


def goal_entry(value: object, where: str) -> Goal:
    """Return one goal; whether its indicator exists is judged with the knowledge."""
    entry = mapping(value, where)
    known_keys_only(entry, ("indicator", "target", "by", "parent"), where)
    if not isinstance(entry.get("indicator"), str):
        raise bad_value(f"{where}.indicator", entry.get("indicator"), Text("指标键名", "the key of an indicator"))
    return Goal(
        indicator=entry["indicator"],
        target=_finite(entry.get("target"), f"{where}.target"),
        by=optional_text(entry.get("by"), f"{where}.by"),
        parent=optional_text(entry.get("parent"), f"{where}.parent") or None,
    )
