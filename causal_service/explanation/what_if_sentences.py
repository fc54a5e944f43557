"""A scenario in words: what is moved, when, what the outcomes do, and which move brings how much."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.effects.moves import SettledMove
from causal_service.effects.what_if import Response
from causal_service.errors import Text
from causal_service.explanation.phrases import (
    described,
    horizon_words,
    listed_en,
    name_of,
    spaced,
    verb_zh,
)
from causal_service.explanation.quantities import (
    decimals_of_interval,
    format_fixed,
    format_interval,
    format_level,
    format_number,
)
from causal_service.explanation.scene import Scene
from causal_service.panel.units import amount

__all__ = ["change_words", "moves_words", "response_numbers", "what_if_text"]

_PERIODS = {"day": ("天", "day"), "week": ("周", "week"), "month": ("个月", "month"), "quarter": ("个季度", "quarter"),
            "year": ("年", "year")}  # fmt: skip


def what_if_text(scene: Scene, moves: Sequence[SettledMove], responses: Sequence[Response], horizon: int) -> Text:
    """Return the scenario in one paragraph: the moves, then every outcome."""
    said = moves_words(scene, moves)
    told = [_outcome(scene, row, moves, horizon) for row in responses if row.indicator in scene.outcomes]
    if not told:
        return spaced(f"{said.zh}：没有研究目标随之变化。", f"{said.en}: no outcome of the study follows.")
    return spaced(
        f"{said.zh}：{'；'.join(text.zh for text in told)}。", f"{said.en}: {'; '.join(text.en for text in told)}."
    )


def moves_words(scene: Scene, moves: Sequence[SettledMove]) -> Text:
    """Return the moves as a verb phrase."""
    words = [_move(scene, move, first=i == 0) for i, move in enumerate(moves)]
    return Text("，".join(f"把{text.zh}" for text in words), listed_en([text.en for text in words]))


def change_words(value: float, low: float, high: float, unit: str) -> Text:
    """Return a change with its interval: ``+0.78 points (95% interval 0.70 to 0.85)``."""
    decimals = decimals_of_interval(value, low, high)
    number = format_fixed(value, decimals)
    signed = f"+{number}" if value > 0 and number.strip("0.") else number
    size, interval = amount(signed, unit), format_interval(low, high, decimals)
    if low == high:
        return size
    return Text(f"{size.zh}（95%区间{interval.zh}）", f"{size.en} (95% interval {interval.en})")


def response_numbers(row: Response) -> tuple[str, ...]:
    """Return the change in every period with its interval, short: ``0.78 [0.70, 0.85]``."""
    cells = []
    for value, low, high in zip(row.value, row.low, row.high, strict=True):
        decimals = decimals_of_interval(value, low, high)
        ends = "" if low == high else f" [{format_fixed(low, decimals)}, {format_fixed(high, decimals)}]"
        cells.append(f"{format_fixed(value, decimals)}{ends}")
    return tuple(cells)


def _move(scene: Scene, move: SettledMove, *, first: bool) -> Text:
    entry, name = described(move.lever, scene.indicators), name_of(move.lever, scene.indicators)
    size = amount(format_number(abs(move.change)), entry.unit)
    levels = [
        Text(*(format_level(x, entry.unit, lang) for lang in ("zh", "en"))) for x in (move.level, move.level_after)
    ]
    when = _when(scene, move)
    if move.change == 0:
        return Text(
            f"{name.zh}保持原样（{levels[0].zh}{when.zh}）",
            f"{'Keeping' if first else 'keeping'} {name.en} as it is ({levels[0].en}{when.en})",
        )
    gerund = "raising" if move.change >= 0 else "cutting" if entry.better == "lower" else "lowering"
    return Text(
        f"{name.zh}{verb_zh(move.change, entry.unit)}{size.zh}（{levels[0].zh}→{levels[1].zh}{when.zh}）",
        f"{gerund.capitalize() if first else gerund} {name.en} by {size.en} "
        f"({levels[0].en} to {levels[1].en}{when.en})",
    )  # fmt: skip


def _when(scene: Scene, move: SettledMove) -> Text:
    zh, en = _PERIODS.get(scene.frequency, ("期", "period"))
    if not scene.frequency or (move.start == 0 and move.last is None):
        return Text("", "")
    if move.last is None:
        return Text(f"，从第{move.start}{zh}起", f", from {en} {move.start} on")
    if move.start == move.last:
        return Text(f"，仅第{move.start}{zh}", f", in {en} {move.start} only")
    return Text(f"，第{move.start}至第{move.last}{zh}", f", from {en} {move.start} to {en} {move.last}")


def _outcome(scene: Scene, row: Response, moves: Sequence[SettledMove], horizon: int) -> Text:
    name, when = name_of(row.indicator, scene.indicators), horizon_words(horizon, scene.frequency)
    unit = scene.units.get(row.indicator, "")
    if row.zero_share == 1:
        return Text(f"{name.zh}不受影响", f"{name.en} is not affected")
    change = change_words(row.value[-1], row.low[-1], row.high[-1], unit)
    before, after = (
        Text(*(format_level(x, unit, lang) for lang in ("zh", "en"))) for x in (row.level, row.level_after)
    )
    known = row.low[-1] > 0 or row.high[-1] < 0
    unsure = Text("" if known else "，方向未定", "" if known else ", direction uncertain")
    parts = _contributions(scene, row) if len(moves) > 1 else Text("", "")
    later = f" {when.en}" if when.en else ""
    return Text(
        f"{when.zh}{name.zh}预计变化{change.zh}{unsure.zh}，从{before.zh}到{after.zh}{parts.zh}",
        f"{name.en} is expected to change by {change.en}{unsure.en}{later}, from {before.en} to {after.en}{parts.en}",
    )


def _contributions(scene: Scene, row: Response) -> Text:
    told = row.contributions
    if all(part.value == 0 for part in told):
        return Text("", "")
    words = [
        (name_of(part.lever, scene.indicators), change_words(part.value, part.value, part.value, row.unit))
        for part in told
    ]
    return Text(
        "；其中" + "，".join(f"{name.zh}带来{size.zh}" for name, size in words),
        ", of which " + ", ".join(f"{name.en} {size.en}" for name, size in words),
    )  # fmt: skip
