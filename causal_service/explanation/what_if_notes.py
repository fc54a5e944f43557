"""What must be known beside the numbers of a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_service.effects.moves import SettledMove
from causal_service.effects.what_if import Response
from causal_service.errors import Text
from causal_service.explanation.phrases import horizon_words, listed_en, listed_zh, name_of, spaced, verdict_words
from causal_service.explanation.quantities import format_level, format_number
from causal_service.explanation.scene import Note, Scene
from causal_service.panel.units import amount, unit_words

__all__ = ["beyond_data", "notes_on"]

_LEADS = 0.5
"""One lever is said to lead to another along arrows of more than this share of the draws."""
_SLACK = 1e-9


def notes_on(
    scene: Scene,
    moves: Sequence[SettledMove],
    responses: Sequence[Response],
    horizon: int,
    levels: Mapping[str, Sequence[float]] | None = None,
) -> tuple[Note, ...]:
    """Return all notes on a scenario: on the moves, on single effects, on the horizon and the intervals.

    ``levels``: of the indicators that follow, where they are not their latest level plus the response.
    """
    notes = [beyond_data(scene, move) for move in moves if not move.within_data]
    notes += [_not_controllable(scene, move) for move in moves if _fixed(scene, move.lever)]
    notes += _held(scene, moves)
    if not any(row.zero_share < 1 for row in responses):
        notes.append(Note("nothing-follows", {}, Text("没有任何指标随之变化。", "Nothing follows these moves.")))
    moved = {move.lever for move in moves if move.change != 0}
    reached = {row.indicator for row in responses if row.zero_share < 1}
    for lever in scene.levers:
        if lever.lever in moved and lever.outcome in reached and lever.verdict in {"watch", "insufficient"}:
            notes.append(_weak(scene, lever.lever, lever.outcome, lever.verdict))
    if levels is None:
        levels = {row.indicator: [row.level + value for value in row.value] for row in responses}
    notes += [note for key, known in levels.items() if (note := _impossible(scene, key, known)) is not None]
    if horizon > scene.system.horizon and scene.system.lags:
        notes.append(_beyond_horizon(scene, horizon))
    return (*notes, *_widened(scene, [row.indicator for row in responses]))


def beyond_data(scene: Scene, move: SettledMove) -> Note:
    """Return the note on a move that is larger, or leads further out, than what was measured."""
    at = next(entry for entry in scene.system.indicators if entry.indicator == move.lever)
    name, unit = name_of(move.lever, scene.indicators), scene.units.get(move.lever, "")
    told = {"after": move.level_after, "low": at.lowest, "high": at.highest}
    zh, en = ({key: format_level(value, unit, lang) for key, value in told.items()} for lang in ("zh", "en"))
    params = {"indicator": move.lever, "after": move.level_after, "lowest": at.lowest, "highest": at.highest}
    if not at.lowest <= move.level_after <= at.highest:
        text = spaced(
            f"{name.zh}会移到{zh['after']}，超出数据中出现过的范围（{zh['low']}至{zh['high']}），结果属于外推。",
            f"{name.en} would stand at {en['after']}, outside what was measured ({en['low']} to {en['high']}): the "
            "result is extrapolated.",
        )
    else:
        swing = amount(format_number(at.swing), unit)
        text = spaced(
            f"{name.zh}的移动幅度大于任何一次实测值对其自身平均水平的偏离（最大{swing.zh}），结果属于外推。",
            f"The move of {name.en} is larger than any measured distance from its own mean (at most {swing.en}): the "
            "result is extrapolated.",
        )
    return Note("beyond-data", {**params, "swing": at.swing}, text)


def _fixed(scene: Scene, key: str) -> bool:
    entry = scene.indicators.get(key)
    return entry is not None and entry.controllable is False


def _not_controllable(scene: Scene, move: SettledMove) -> Note:
    name = name_of(move.lever, scene.indicators)
    return Note(
        "not-controllable",
        {"indicator": move.lever},
        spaced(
            f"字典把{name.zh}标为不可控：这里只看它若变动会怎样。",
            f"The dictionary says that nobody controls {name.en}: this is what would follow if it moved.",
        ),
    )


def _weak(scene: Scene, lever: str, outcome: str, verdict: str) -> Note:
    name, of, said = name_of(lever, scene.indicators), name_of(outcome, scene.indicators), verdict_words(verdict)  # type: ignore[arg-type]
    return Note(
        "weak-evidence",
        {"lever": lever, "outcome": outcome, "verdict": verdict},
        spaced(
            f"研究对{name.zh}影响{of.zh}的判定是“{said.zh}”，不宜指望这部分变化。",
            f"The study's verdict on {name.en} for {of.en} is '{said.en}': do not count on that part of the change.",
        ),
    )


def _held(scene: Scene, moves: Sequence[SettledMove]) -> list[Note]:
    """Return a note on every move that lies on the way of another: it is held, so that way is cut."""
    names, notes = scene.system.names, []
    after = {
        move.lever: scene.system.after([names.index(move.lever)], _LEADS)
        for move in (moves if len(moves) > 1 else ())
        if move.change != 0
    }
    for held in moves:
        causes = [x for x, follow in after.items() if x != held.lever and names.index(held.lever) in follow]
        if causes:
            name, others = name_of(held.lever, scene.indicators), [name_of(x, scene.indicators) for x in causes]
            zh, en = listed_zh([other.zh for other in others]), listed_en([other.en for other in others])
            text = spaced(
                f"{name.zh}本身被固定，因此{zh}经由它的作用不计入。",
                f"{name.en} is held, so what {en} {'does' if len(causes) == 1 else 'do'} through it does not count.",
            )
            notes.append(Note("held-between", {"held": held.lever, "levers": causes}, text))
    return notes


def _impossible(scene: Scene, key: str, levels: Sequence[float]) -> Note | None:
    """Return the note on an indicator that would leave what is possible for it."""
    ends = _possible(scene, key)
    for sign, bound in zip((-1, 1), ends, strict=True):
        worst = max((sign * level for level in levels), default=None)
        if bound is None or worst is None or worst <= sign * bound + _SLACK * max(abs(bound), abs(worst)):
            continue
        name, unit = name_of(key, scene.indicators), scene.units.get(key, "")
        level, end = (
            Text(*(format_level(x, unit, lang) for lang in ("zh", "en"))) for x in (sign * worst, float(bound))
        )
        return Note(
            "impossible-level",
            {"indicator": key, "level": sign * worst, "bound": bound},
            spaced(
                f"{name.zh}会到{level.zh}，{'高于上限' if sign > 0 else '低于下限'}{end.zh}：这里按线性推算，"
                "不会在界限处停下。",
                f"{name.en} would come to {level.en}, {'above' if sign > 0 else 'below'} its limit of {end.en}: the "
                "calculation is linear and does not stop there.",
            ),
        )
    return None


def _possible(scene: Scene, key: str) -> tuple[float | None, float | None]:
    """Return the declared bounds, else 0 to 100 of a percentage or 0 to 1 of two states; never narrower than the data.

    Among indicators between 0 and 1, only one with two states has a variance of mean * (1 - mean).
    """
    at = next(entry for entry in scene.system.indicators if entry.indicator == key)
    entry = scene.indicators.get(key)
    low, high = at.bound_low, at.bound_high
    if entry is not None and (at.lowest, at.highest) == (0, 1):
        if entry.sd**2 >= entry.mean * (1 - entry.mean) * (1 - 1e-6):
            low, high = (0.0 if low is None else low), (1.0 if high is None else high)
    elif unit_words(scene.units.get(key, "")) == unit_words("%") and at.lowest >= 0 and at.highest <= 100:
        low, high = (0.0 if low is None else low), (100.0 if high is None else high)
    return None if low is None else min(low, at.lowest), None if high is None else max(high, at.highest)


def _beyond_horizon(scene: Scene, horizon: int) -> Note:
    asked, studied = (horizon_words(h, scene.frequency) for h in (horizon, scene.system.horizon))
    return Note(
        "beyond-horizon",
        {"horizon": horizon, "studied": scene.system.horizon},
        spaced(
            f"研究读取的是{studied.zh}的效应，这里推算到{asked.zh}，越远越依赖系统保持不变。",
            f"The study read effects {studied.en}; what is said here {asked.en} rests the more on the system staying "
            "as it is.",
        ),
    )


def _widened(scene: Scene, told: Sequence[str]) -> tuple[Note, ...]:
    notes = []
    for key in told:
        factor = scene.widening.get(key, 1.0)
        if factor > 1.005:
            name = name_of(key, scene.indicators)
            text = spaced(
                f"{name.zh}的区间已按演练结果放宽到{factor:.2f}倍。",
                f"As the rehearsal asked for, the intervals of {name.en} are {factor:.2f} times as wide.",
            )
            notes.append(Note("widened", {"indicator": key, "factor": factor}, text))
    return tuple(notes)
