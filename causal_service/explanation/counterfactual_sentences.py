"""What would have been, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from causal_service.effects.moves import SettledMove
from causal_service.errors import Text
from causal_service.explanation.phrases import listed_en, listed_zh, name_of, spaced
from causal_service.explanation.quantities import decimals_of_interval, format_fixed, format_interval, format_level
from causal_service.explanation.scene import Note, Scene
from causal_service.panel.units import amount

__all__ = ["counterfactual_text", "other_panel", "panel_ends"]


class Told(Protocol):
    """One indicator as it was and as it would have been."""

    @property
    def indicator(self) -> str:
        """Indicator key."""

    @property
    def observed(self) -> tuple[float | None, ...]:
        """What was measured."""

    @property
    def difference(self) -> tuple[float, ...]:
        """Expected difference."""

    @property
    def difference_low(self) -> tuple[float, ...]:
        """Lower ends."""

    @property
    def difference_high(self) -> tuple[float, ...]:
        """Upper ends."""

    @property
    def value(self) -> tuple[float | None, ...]:
        """Observed plus difference."""


def counterfactual_text(
    scene: Scene, entity: str, periods: Sequence[str], moves: Sequence[SettledMove], rows: Sequence[Told]
) -> Text:
    """Return the paragraph: what would have been different, then every outcome in the first and the last period."""
    conditions = [_condition(scene, move) for move in moves]
    told = [
        _outcome(scene, row, t, label)
        for row in rows
        if row.indicator in scene.outcomes
        for t, label in _told_periods(periods)
    ]
    start = Text(
        f"假如{entity}在{periods[0]}的{listed_zh([c.zh for c in conditions])}",
        f"Had {entity} had {listed_en([c.en for c in conditions])} in {periods[0]}",
    )
    if not told:
        return spaced(
            f"{start.zh}，研究目标不会因此不同。", f"{start.en}, no outcome of the study would have differed."
        )
    return spaced(f"{start.zh}：{'；'.join(t.zh for t in told)}。", f"{start.en}: {'; '.join(t.en for t in told)}.")


def other_panel() -> Note:
    """Return the note on a panel that is not the one studied."""
    return Note(
        "other-panel",
        {},
        Text(
            "这个面板的内容与研究所用的不同；效应来自研究，实测值来自这个面板。",
            "This panel differs from the one that was studied: effects are the study's, measured values this panel's.",
        ),
    )


def panel_ends(periods: Sequence[str], horizon: int) -> Note:
    """Return the note on a panel that ends before the horizon; ``periods``: those that can be looked at."""
    count = len(periods) - 1
    told = Text(
        f"之后{horizon}期中只能看{count}期" if count else "之后的时期无从比较",
        f"only {count} of the {horizon} periods after {periods[0]} can be looked at"
        if count
        else "nothing after it can be looked at",
    )
    return Note(
        "panel-ends",
        {"last": periods[-1], "horizon": horizon, "periods": count},
        spaced(f"面板到{periods[-1]}为止，{told.zh}。", f"The panel ends in {periods[-1]}: {told.en}."),
    )


def _told_periods(periods: Sequence[str]) -> list[tuple[int, str]]:
    last = len(periods) - 1
    return [(0, periods[0])] if last == 0 else [(0, periods[0]), (last, periods[last])]


def _condition(scene: Scene, move: SettledMove) -> Text:
    name, unit = name_of(move.lever, scene.indicators), scene.units.get(move.lever, "")
    was, would = (Text(*(format_level(x, unit, lang) for lang in ("zh", "en"))) for x in (move.level, move.level_after))
    return Text(f"{name.zh}是{would.zh}（实际{was.zh}）", f"{name.en} at {would.en} (it was {was.en})")


def _outcome(scene: Scene, row: Told, t: int, label: str) -> Text:
    name, unit = name_of(row.indicator, scene.indicators), scene.units.get(row.indicator, "")
    value, low, high = row.difference[t], row.difference_low[t], row.difference_high[t]
    decimals = decimals_of_interval(value, low, high)
    number = format_fixed(value, decimals)
    size = amount(f"+{number}" if value > 0 and number.strip("0.") else number, unit)
    interval = format_interval(low, high, decimals)
    changed = Text(f"相差{size.zh}，95%区间{interval.zh}", f"{size.en}, 95% interval {interval.en}")
    was, would = row.observed[t], row.value[t]
    if was is None or would is None:
        return Text(
            f"{label}{name.zh}没有测量值，只知道会{changed.zh}",
            f"{name.en} in {label} was not measured; the difference would be {changed.en}",
        )
    levels = [Text(*(format_level(x, unit, lang) for lang in ("zh", "en"))) for x in (would, was)]
    return Text(
        f"{label}{name.zh}会是{levels[0].zh}，实际{levels[1].zh}（{changed.zh}）",
        f"{name.en} in {label} would have been {levels[0].en} instead of {levels[1].en} ({changed.en})",
    )
