"""What the caller already knows: required and forbidden arrows, and every way they can contradict each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from causal_service.errors import DictionaryError, KnowledgeConflict, Text, nearest
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.dictionary_values import bad_value, known_keys_only, mapping
from causal_service.panel.labels import nearest_text

__all__ = ["Arrow", "Arrows", "arrows", "merge_knowledge", "read_knowledge", "validate_knowledge"]

Arrow = tuple[str, str, int | None]
"""(cause, effect, lag); lag ``None`` means some lag when required and every lag when forbidden."""
Arrows = dict[str, tuple[Arrow, ...]]
"""Arrows under ``required`` and ``forbidden``."""

_TYPO = 0.8
"""Similarity above which a name that the dictionary lacks counts as a misspelling of one it has."""


def arrows(value: object, where: str = "knowledge") -> Arrows:
    """Return the arrows under ``required`` and ``forbidden``: ``[cause, effect]`` or ``[cause, effect, lag]`` each.

    Raises
    ------
    DictionaryError : an unknown key or a malformed arrow, with its place.
    """
    entry = mapping(value, where)
    known_keys_only(entry, ("required", "forbidden"), where)
    return {kind: _arrow_list(entry.get(kind), f"{where}.{kind}") for kind in ("required", "forbidden")}


def _arrow_list(value: object, where: str) -> tuple[Arrow, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        raise bad_value(where, value, Text("[原因, 结果] 的列表", "a list of [cause, effect]"))
    return tuple(_arrow(item, f"{where}[{index}]") for index, item in enumerate(value))


def _arrow(value: object, where: str) -> Arrow:
    wanted = Text("[原因, 结果] 或 [原因, 结果, 滞后期数]", "[cause, effect] or [cause, effect, lag]")
    if not isinstance(value, (list, tuple)) or len(value) not in (2, 3):
        raise bad_value(where, value, wanted)
    cause, effect, lag = (*value, None)[:3]
    if not isinstance(cause, str) or not isinstance(effect, str):
        raise bad_value(where, list(value), wanted)
    if lag is not None and (isinstance(lag, bool) or not isinstance(lag, int) or lag < 0):
        raise bad_value(
            where, list(value), Text("滞后为零或正整数的箭头", "an arrow whose lag is zero or a positive whole number")
        )
    return cause, effect, lag


def read_knowledge(path: str | Path) -> Arrows:
    """Read a knowledge file: YAML with lists ``required`` and ``forbidden`` of ``[cause, effect(, lag)]``.

    The lists may also stand under a top-level ``knowledge`` key, so that a dictionary's section can be copied.

    Raises
    ------
    CallError : the file does not exist.
    DictionaryError : the file is not such a YAML, with the place.
    """
    from causal_service.panel.dictionary_tables import load_yaml, read_bytes

    content: Any = load_yaml(read_bytes(Path(path)), Path(path).name)
    if isinstance(content, Mapping) and set(content) == {"knowledge"}:
        content = content["knowledge"]
    return arrows(content)


def merge_knowledge(
    dictionary: Dictionary, extra: Mapping[str, Iterable[Arrow]], known: Iterable[str] = ()
) -> Dictionary:
    """Return ``dictionary`` with the arrows of ``extra`` added to its own.

    Parameters
    ----------
    dictionary : what is declared.
    extra : arrows under ``required`` and ``forbidden``.
    known : further names that exist (the panel's indicators).

    Raises
    ------
    DictionaryError : an arrow names an indicator that is misspelt or, when ``known`` is given, does not exist.
    KnowledgeConflict : arrows and layers contradict each other.
    """
    merged = replace(
        dictionary,
        required=tuple(dict.fromkeys((*dictionary.required, *extra.get("required", ())))),
        forbidden=tuple(dict.fromkeys((*dictionary.forbidden, *extra.get("forbidden", ())))),
    )
    validate_knowledge(merged, known)
    return merged


def validate_knowledge(dictionary: Dictionary, known: Iterable[str] = (), lags: int | None = None) -> None:
    """Refuse knowledge and goals that name unknown indicators, and knowledge that contradicts itself or the layers.

    Parameters
    ----------
    dictionary : knowledge, goals and layers.
    known : the panel's indicators; when empty only names that look misspelt against the dictionary are refused,
        because a dictionary may speak of indicators that only the panel holds.
    lags : largest lag of the study when known; with 0 an arrow at "some lag" must hold within the period.

    Raises
    ------
    DictionaryError : unknown or misspelt name.
    KnowledgeConflict : the arrow is named.
    """
    _check_names(dictionary, tuple(known))
    for arrow in dictionary.required:
        _check_possible(dictionary, _resolved(arrow, lags))
    _check_contradictions(dictionary, lags)
    _check_cycle([_resolved(arrow, lags) for arrow in dictionary.required])


def _resolved(arrow: Arrow, lags: int | None) -> Arrow:
    cause, effect, lag = arrow
    return (cause, effect, 0 if lag is None and lags == 0 else lag)


def _check_names(dictionary: Dictionary, known: tuple[str, ...]) -> None:
    names = {*dictionary.indicators, *known}
    used = [
        *((name, "knowledge.required") for arrow in dictionary.required for name in arrow[:2]),
        *((name, "knowledge.forbidden") for arrow in dictionary.forbidden for name in arrow[:2]),
        *((name, "goals") for goal in dictionary.goals for name in (goal.indicator, goal.parent) if name is not None),
    ]
    for name, where in used:
        misspelt = bool(difflib.get_close_matches(name, dictionary.indicators, n=1, cutoff=_TYPO))
        if name not in names and (known or misspelt):
            raise DictionaryError(
                "unknown-indicator",
                Text(
                    f"指标字典 {where} 提到了未知的指标“{name}”。", f"Dictionary, {where}: unknown indicator {name!r}."
                ),
                nearest_text(name, sorted(names)),
                {"where": where, "name": name, "nearest": list(nearest(name, sorted(names)))},
            )


def _conflict(code: str, arrow: Arrow, zh: str, en: str, remedy: Text) -> KnowledgeConflict:
    cause, effect, lag = arrow
    at = Text("" if lag is None else f"（滞后 {lag} 期）", "" if lag is None else f" (lag {lag})")
    return KnowledgeConflict(
        code,
        Text(f"必需的箭头 {cause} → {effect}{at.zh}{zh}。", f"Required arrow {cause} -> {effect}{at.en} {en}."),
        remedy,
        {"cause": cause, "effect": effect, "lag": lag},
    )


def _check_possible(dictionary: Dictionary, arrow: Arrow) -> None:
    cause, effect, lag = arrow
    if cause == effect and lag in (None, 0):
        remedy = Text("请删除该箭头，或给出至少 1 期的滞后。", "Remove the arrow, or give it a lag of at least 1.")
        raise _conflict("self-edge", arrow, "指向自身", "points at itself", remedy)
    later, earlier = (_rank(dictionary, name) for name in (cause, effect))
    if lag == 0 and later is not None and earlier is not None and later > earlier:
        raise _conflict(
            "required-against-layers",
            arrow,
            f"从较后的层级“{dictionary.layers[later]}”指向较前的层级“{dictionary.layers[earlier]}”",
            f"runs from the later layer {dictionary.layers[later]!r} to the earlier {dictionary.layers[earlier]!r}",
            Text("请删除该箭头、给出滞后期，或更正层级。", "Remove the arrow, give it a lag, or correct the layers."),
        )


def _rank(dictionary: Dictionary, name: str) -> int | None:
    entry = dictionary.indicators.get(name)
    return None if entry is None or entry.layer is None else dictionary.layers.index(entry.layer)


def _check_contradictions(dictionary: Dictionary, lags: int | None) -> None:
    forbidden = {_resolved(arrow, lags) for arrow in dictionary.forbidden}
    for arrow in (_resolved(arrow, lags) for arrow in dictionary.required):
        if arrow in forbidden or (arrow[0], arrow[1], None) in forbidden:
            remedy = Text("请只保留其中一条。", "Keep only one of the two.")
            raise _conflict("required-and-forbidden", arrow, "同时又被禁止", "is also forbidden", remedy)


def _check_cycle(required: list[Arrow]) -> None:
    """Refuse required arrows at lag 0 that close a circle (depth-first search over at most as many arrows)."""
    below: dict[str, list[str]] = {}
    for cause, effect, lag in required:
        if lag == 0:
            below.setdefault(cause, []).append(effect)
    for cause, effect, lag in required:
        if lag == 0 and _reaches(below, effect, cause):
            raise _conflict(
                "required-cycle",
                (cause, effect, lag),
                "与其他必需箭头在同一期内构成循环",
                "closes a circle with other required arrows within one period",
                Text("请删除循环中的一条箭头，或给它一个滞后期。", "Remove one arrow of the circle, or give it a lag."),
            )


def _reaches(below: Mapping[str, list[str]], start: str, goal: str) -> bool:
    open_, seen = [start], set()
    while open_:
        node = open_.pop()
        if node == goal:
            return True
        if node not in seen:
            seen.add(node)
            open_.extend(below.get(node, []))
    return False
