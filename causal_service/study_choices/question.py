"""What is asked: options within their range, every name resolved, default levers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_service.discovery.discover import check_method
from causal_service.errors import CallError, Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.labels import find_indicator, listed
from causal_service.panel.panel import Panel

__all__ = ["Question", "check_options", "no_outcome", "question_of"]

FEWEST_DRAWS = 20
MOST_DRAWS = 100_000
MOST_THREADS = 1024
MOST_TWINS = 1000
MOST_LAGS = 12
MOST_HORIZON = 60


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, with every name resolved and every option checked."""

    outcomes: tuple[str, ...]
    """Keys of the outcomes, as asked."""
    levers: tuple[str, ...]
    """Keys of the levers, sorted."""
    horizon: int
    """Periods ahead."""
    resamples: int
    """Number of draws."""


def check_options(
    lags: int | str,
    horizon: int,
    resamples: int,
    seed: int,
    method: str = "boss",
    threads: int | None = None,
    rehearse: int = 0,
) -> None:
    """Refuse options that no panel could make right.

    Raises
    ------
    CallError : ``option-out-of-range`` or ``unknown-method``.
    """
    _check_number("lags", lags, 0, MOST_LAGS, or_auto=True)
    _check_number("horizon", horizon, 0, MOST_HORIZON)
    _check_number("resamples", resamples, FEWEST_DRAWS, MOST_DRAWS)
    _check_number("seed", seed, 0, 2**63 - 1)
    _check_number("rehearse", rehearse, 0, MOST_TWINS)
    if threads is not None:
        _check_number("threads", threads, 1, MOST_THREADS)
    check_method(method)


def question_of(
    panel: Panel,
    dictionary: Dictionary,
    outcome: str | Sequence[str],
    lever: str | Sequence[str],
    horizon: int,
    resamples: int,
) -> Question:
    """Return the question with every name resolved.

    Raises
    ------
    UnknownName : an outcome or lever is not in the panel; nearest names are offered.
    CallError : no outcome, or a lever that is an outcome.
    """
    names = (outcome,) if isinstance(outcome, str) else tuple(outcome)
    if not names:
        raise no_outcome(panel.indicators, dictionary)
    role = Text("目标指标", "outcome")
    outcomes = tuple(dict.fromkeys(find_indicator(n, panel.indicators, dictionary, role) for n in names))
    asked = (lever,) if isinstance(lever, str) else tuple(lever)
    levers = {find_indicator(n, panel.indicators, dictionary, Text("杠杆", "lever")) for n in asked}
    clash = sorted(levers & set(outcomes))
    if clash:
        raise CallError(
            "lever-is-outcome",
            Text(f"“{clash[0]}”既是杠杆又是目标指标。", f"'{clash[0]}' is both a lever and an outcome."),
            Text("请从其中一个清单中去掉它。", "Remove it from one of the two."),
            {"indicator": clash[0]},
        )
    return Question(outcomes, tuple(sorted(levers or _default_levers(panel, dictionary, outcomes))), horizon, resamples)


def no_outcome(indicators: Sequence[str], dictionary: Dictionary) -> CallError:
    """Return the refusal of a study without outcome: it offers the goals, else the last layer, else all indicators."""
    goals = [goal.indicator for goal in dictionary.goals if goal.indicator in indicators]
    layer_of = {n: dictionary.indicators[n].layer for n in indicators if n in dictionary.indicators}
    last = next((layer for layer in reversed(dictionary.layers) if layer in layer_of.values()), None)
    latest = [n for n, layer in layer_of.items() if layer is not None and layer == last]
    offered = tuple(dict.fromkeys(goals or latest or indicators))
    return CallError(
        "no-outcome",
        Text("没有给出目标指标（outcome）。", "No outcome was given."),
        Text(
            f"请指出要改善的指标，例如：{listed(offered, 8)}。",
            f"Name the indicator to be improved, for example: {listed(offered, 8)}.",
        ),
        {"candidates": list(offered)},
    )


def _default_levers(panel: Panel, dictionary: Dictionary, outcomes: Sequence[str]) -> set[str]:
    """Controllable indicators if any is declared so, else those outside context and not after every outcome."""
    entries = dictionary.indicators
    controllable = {n for n in panel.indicators if n in entries and entries[n].controllable is True}
    if controllable:
        return controllable - (set(outcomes) if len(outcomes) == 1 else set())
    rank = {layer: i for i, layer in enumerate(dictionary.layers)}

    def place(name: str) -> int | None:
        layer = entries[name].layer if name in entries else None
        return None if layer is None else rank[layer]

    latest = [place(outcome) for outcome in outcomes]
    last = None if None in latest else max(p for p in latest if p is not None)
    context = rank.get("context")
    return {
        n
        for n in panel.indicators
        if (n not in outcomes or len(outcomes) > 1)
        and (n not in entries or entries[n].controllable is not False)
        and (place(n) is None or (place(n) != context and (last is None or (place(n) or 0) <= last)))
    }


def _check_number(name: str, value: object, low: int, high: int, *, or_auto: bool = False) -> None:
    if or_auto and value == "auto":
        return
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise CallError(
            "option-out-of-range",
            Text(f"选项 {name} 的值 {value!r} 无效。", f"Option {name} is {value!r}."),
            Text(
                f"请给出 {low} 到 {high} 之间的整数{'或 auto' if or_auto else ''}。",
                f"Give a whole number from {low} to {high}{' or auto' if or_auto else ''}.",
            ),
            {"option": name, "low": low, "high": high},
        )
