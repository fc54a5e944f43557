"""Names as people write them: normal forms, nearest names, short lists for one-line messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from causal_service.errors import CallError, Text, UnknownName, nearest
from causal_service.panel.dictionary import Dictionary

__all__ = ["find_indicator", "fold", "listed", "named", "nearest_text", "normalise", "noted", "number", "percent"]

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return ``text`` in NFKC, without invisible characters, with single spaces and no space at the ends."""
    if text.isascii() and text.isalnum():
        return text
    return _SPACES.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).strip()


def fold(text: str) -> str:
    """Return the form in which two names count as the same: normalised, case ignored."""
    return normalise(text).casefold()


def listed(items: Iterable[object], limit: int = 5) -> str:
    """Return the first ``limit`` items separated by commas, with ``…`` and the total when there are more."""
    words = [str(item) for item in items]
    shown = ", ".join(words[:limit])
    return shown if len(words) <= limit else f"{shown}, … ({len(words)})"


def named(dictionary: Dictionary, keys: Sequence[str], limit: int = 5) -> Text:
    """Return display names of ``keys`` as a short list in both languages."""
    texts = [dictionary.name(key) for key in keys]
    zh = "、".join(text.zh for text in texts[:limit]) + (f" 等 {len(texts)} 个指标" if len(texts) > limit else "")
    return Text(zh, listed((text.en for text in texts), limit))


def noted(dictionary: Dictionary, notes: Mapping[str, str], limit: int = 5) -> Text:
    """Return display names with a note behind each, as a short list in both languages."""
    texts = [(dictionary.name(key), note) for key, note in notes.items()]
    more = f" 等 {len(texts)} 个指标" if len(texts) > limit else ""
    zh = "、".join(f"{text.zh}（{note}）" for text, note in texts[:limit]) + more
    return Text(zh, listed((f"{text.en} ({note})" for text, note in texts), limit))


def nearest_text(name: str, known: Iterable[str], shown: Iterable[str] | None = None) -> Text:
    """Return a remedy that offers the nearest known names, or the first ``shown`` (known) ones when none is near."""
    names = list(dict.fromkeys(known))
    close = nearest(name, names)
    if close:
        return Text(f"最接近的名称：{'、'.join(close)}。", f"Nearest names: {', '.join(close)}.")
    names = names if shown is None else list(shown)
    return Text(f"可用的名称：{listed(names, 8)}。", f"Known names: {listed(names, 8)}.")


def number(value: float) -> str:
    """Return a number with four significant digits, without exponent where it can be read without."""
    return f"{value:,.0f}" if abs(value) >= 10_000 and abs(value) < 1e12 else f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share as a percentage with a sensible number of digits."""
    return f"{100 * share:.1f}%" if share < 0.1 else f"{100 * share:.0f}%"


def display_names(dictionary: Dictionary) -> Mapping[str, tuple[str, ...]]:
    """Return, for every folded key and display name, the dictionary keys it can stand for."""
    found: dict[str, list[str]] = {}
    for key, entry in dictionary.indicators.items():
        for label in (key, entry.name.zh, entry.name.en):
            keys = found.setdefault(fold(label), [])
            if key not in keys:
                keys.append(key)
    return {label: tuple(keys) for label, keys in found.items()}


def find_indicator(name: str, indicators: Sequence[str], dictionary: Dictionary, role: Text) -> str:
    """Return the key in ``indicators`` that ``name`` (a key or a zh/en display name) stands for.

    Parameters
    ----------
    name : what the caller wrote.
    indicators : keys that exist in the panel.
    dictionary : where display names come from.
    role : what the name was meant to be, for the message (``Text("目标指标", "outcome")``).

    Raises
    ------
    UnknownName : no such indicator; the nearest names are offered.
    CallError : the display name belongs to several indicators.
    """
    if name in indicators:
        return name
    label = fold(name)
    hits = [key for key in indicators if fold(key) == label]
    hits = hits or [key for key in display_names(dictionary).get(label, ()) if key in indicators]
    if len(hits) == 1:
        return hits[0]
    if hits:
        raise CallError(
            "ambiguous-name",
            Text(
                f"{role.zh}“{name}”对应多个指标：{'、'.join(hits)}。",
                f"The {role.en} {name!r} stands for several indicators: {', '.join(hits)}.",
            ),
            Text("请改用指标的键名。", "Use the key of the indicator instead."),
            {"name": name, "candidates": hits},
        )
    labels = [*indicators, *(t for k in indicators for t in (dictionary.name(k).zh, dictionary.name(k).en))]
    raise UnknownName(
        "unknown-indicator",
        Text(f"{role.zh}“{name}”不在面板数据中。", f"The {role.en} {name!r} is not in the panel."),
        nearest_text(name, labels, indicators),
        {"name": name, "nearest": list(nearest(name, labels))},
    )
