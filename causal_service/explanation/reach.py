"""What must move for an indicator to reach a target: every lever alone, several together, and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from causal_service.effects.move_refusals import too_large
from causal_service.effects.reach import Alone, Together, alone, is_met, together
from causal_service.errors import CallError, Text
from causal_service.explanation.phrases import name_of
from causal_service.explanation.plain import fields_of, plain
from causal_service.explanation.quantities import format_number, format_share
from causal_service.explanation.reach_sentences import reach_text
from causal_service.explanation.scene import Scene
from causal_service.levers.results import Verdict
from causal_service.panel.columns import LARGEST

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reach", "reach"]


@dataclass(frozen=True, slots=True)
class Reach:
    """What must move, and stay moved, for an indicator to reach a target."""

    outcome: str
    """Indicator key."""
    unit: str
    """Its unit, as the dictionary writes it."""
    target: float
    """Level wanted, in its unit."""
    level: float
    """Its latest level."""
    gap: float
    """Wanted change: target - level."""
    horizon: int
    """Period in which it is wanted, moves starting in period 0."""
    frequency: str
    """What a period is: ``day`` | ``week`` | ``month`` | ``quarter`` | ``year`` | ``index`` | ``""``."""
    state: Literal["met", "reachable", "unreachable", "no-lever"]
    """``met`` already; ``reachable`` by one lever or several, within bounds and what was measured; ``unreachable`` so;
    ``no-lever`` was studied for it."""
    alone: tuple[Alone, ...]
    """Every ranked lever alone, in order of rank."""
    verdicts: dict[str, Verdict]
    """The study's verdict by lever."""
    together: Together | None
    """Levers judged *act* or *test* moved at once, in order of rank; ``None`` when met or when there is none."""
    text: Text
    """The answer in one paragraph."""
    names: dict[str, Text]
    """Display names of the indicators mentioned, by key."""

    def __str__(self) -> str:
        return self.text.en

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(self.names[row.lever].en)}</td><td>{format_number(row.change)}</td>"
            f"<td>{escape(row.reason or '')}</td><td>{format_share(row.p_reach)}</td></tr>"
            for row in self.alone
        )
        head = "<tr><th>lever</th><th>move needed</th><th>in the way</th><th>P(reached)</th></tr>"
        return f"<div><p>{escape(self.text.en)}</p><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, strings and numbers of 12 significant digits."""
        content: dict[str, Any] = plain(self)
        return content

    def to_frame(self) -> pd.DataFrame:
        """Return one row per lever moved alone."""
        import pandas as pd

        return pd.DataFrame([{**fields_of(row), "verdict": self.verdicts[row.lever]} for row in self.alone])


def reach(scene: Scene, outcome: str, target: float, horizon: int | None = None) -> Reach:
    """Return what must move for ``outcome`` to reach ``target``.

    Parameters
    ----------
    outcome : key or display name of an outcome of the study.
    target : level wanted, in its unit.
    horizon : period in which it is wanted; default the study's.

    Raises
    ------
    CallError : an unknown name, ``wrong-target``, ``number-too-large``, ``option-out-of-range`` or
        ``left-out-of-system``.
    """
    last = scene.horizon(horizon)
    key = scene.key(outcome, Text("目标指标", "outcome"))
    if isinstance(target, bool) or not isinstance(target, (int, float)) or not math.isfinite(target):
        raise CallError(
            "wrong-target",
            Text(f"目标值“{target}”不是数字。", f"The target '{target}' is not a number."),
            Text("请给出该指标单位下的数值。", "Give a level in the indicator's unit."),
            {"target": str(target)},
        )
    if abs(target) > LARGEST:
        raise too_large(f"{target:.4g}")
    at = next(entry for entry in scene.system.indicators if entry.indicator == key)
    gap = target - at.latest
    ranked = sorted((row for row in scene.levers if row.outcome == key), key=lambda row: (row.rank, row.lever))
    ranked = [row for row in ranked if row.lever in scene.system.names]
    met = is_met(at, target)
    singles: tuple[Alone, ...] = ()
    joint: Together | None = None
    if ranked and not met:
        singles = tuple(alone(scene.system, key, gap, row.lever, last) for row in ranked)
        sound = [row.lever for row in ranked if row.verdict in {"act", "test"}]
        joint = together(scene.system, key, gap, sound, last)
    sure = {row.lever for row in ranked if row.verdict in {"act", "test"}}
    possible = any(row.reason is None and row.lever in sure for row in singles) or (joint is not None and joint.reaches)
    found = Reach(
        outcome=key,
        unit=scene.units.get(key, ""),
        target=float(target),
        level=at.latest,
        gap=gap,
        horizon=last,
        frequency=scene.frequency,
        state="met" if met else "no-lever" if not ranked else "reachable" if possible else "unreachable",
        alone=singles,
        verdicts={row.lever: row.verdict for row in ranked},
        together=joint,
        text=Text("", ""),
        names={name: name_of(name, scene.indicators) for name in [key, *(row.lever for row in ranked)]},
    )
    return replace(found, text=reach_text(scene, key, found.state, target, last, singles, found.verdicts, joint))
