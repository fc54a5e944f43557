"""What is said about the response of an outcome to the level of a lever: a curve, or why there is none."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from causal_service.errors import Text

__all__ = ["Apart", "DoseResponse", "DoseValue", "NoDoseResponse", "Shape", "Unsupported"]

Shape = Literal["straight", "diminishing", "saturating", "accelerating", "turning", "irregular"]


@dataclass(frozen=True, slots=True)
class DoseValue:
    """The response at one level of the lever."""

    level: float
    """Level, lever unit."""
    value: float
    """Change of the outcome against the reference level, outcome unit."""
    low: float
    """Lower end of the simultaneous band."""
    high: float
    """Upper end of the simultaneous band."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Why nothing is said about a level."""

    level: float
    """Level asked for, lever unit."""
    code: Literal["outside-the-data", "no-curve"]
    """``outside-the-data``: hardly anybody was ever there; ``no-curve``: there is no curve at all."""
    reason: Text
    """Why, in one sentence."""
    what_would_help: Text
    """What would make an answer possible."""


@dataclass(frozen=True, slots=True)
class Apart:
    """One step from the reference: what a curve and the ranked effect say where their intervals do not meet."""

    step: float
    """Signed move from the reference, lever unit."""
    curve: float
    """Change of the outcome by the curve as estimated, outcome unit."""
    curve_low: float
    """Lower end of its band."""
    curve_high: float
    """Upper end of its band."""
    ranked: float
    """Change of the outcome by the ranked effect, outcome unit."""
    ranked_low: float
    """Lower end of its 95 % interval."""
    ranked_high: float
    """Upper end of its 95 % interval."""


@dataclass(frozen=True, slots=True)
class DoseResponse:
    """Change of an outcome by level of a lever, with a band that holds for the whole curve at once."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    kind: Literal["impact", "sustained"]
    """``impact``: in the same period; ``sustained``: at ``horizon`` when the level is kept from period 0 on."""
    horizon: int
    """Periods ahead (0 for impact)."""
    reference: float
    """Level with which all others are compared (the median), lever unit."""
    levels: tuple[float, ...]
    """Levels of the curve from ``levels[0]`` to ``levels[-1]``: the range the data support, lever unit."""
    values: tuple[float, ...]
    """Change of the outcome at each level against the reference, outcome unit."""
    low: tuple[float, ...]
    """Lower end of the simultaneous band at each level."""
    high: tuple[float, ...]
    """Upper end of the simultaneous band at each level."""
    slopes: tuple[float, ...]
    """What one further unit of the lever brings at each level, outcome unit per lever unit."""
    confidence: float
    """Probability with which the band holds the whole curve."""
    lowest: float
    """Lowest level in the data, lever unit."""
    highest: float
    """Highest level in the data, lever unit."""
    rows: int
    """Rows behind the response in the same period."""
    clusters: int
    """Entities (or other units) whose errors may hang together."""
    bend_p: float
    """P-value of the test of a straight line (Wald, F on clusters - 1; slopes may differ by entity)."""
    shape: Shape
    """What the curve looks like; ``straight`` where there is no evidence against it: then it is the straight line with
    the slope of the ranked effect, in a band that also holds the bends the data do not rule out."""
    saturation_share: float
    """Share of the steepest slope below which the response is called saturated, 0..1."""
    saturation: float | None
    """Level beyond which a further unit brings less than that share of what it brings at the steepest; ``None`` when
    the data do not reach it or there is no evidence of a bend."""
    saturation_low: float | None
    """Lower end of its 95 % interval; ``None`` like ``saturation`` or when below the supported range."""
    saturation_high: float | None
    """Upper end of its 95 % interval; ``None`` when it lies beyond the supported range."""
    turning: float | None
    """Level at which the response turns round; ``None`` where it does not."""
    turning_low: float | None
    """Lower end of its 95 % interval; ``None`` when below the supported range."""
    turning_high: float | None
    """Upper end of its 95 % interval; ``None`` when beyond the supported range."""
    adjustment: tuple[str, ...]
    """What is adjusted for in every period; lagged members are written ``name[t-1]``."""
    unit: str
    """Unit of the outcome."""
    lever_unit: str
    """Unit of the lever."""
    sentence: Text = Text("", "")
    """The curve in words."""
    apart: Apart | None = None
    """Where the estimated curve and the ranked effect do not agree about one step; ``None`` where they do."""

    def at(self, level: float) -> DoseValue | Unsupported:
        """Return the response at ``level`` (lever unit), straight between the levels of the curve; or why not."""
        first, last = self.levels[0], self.levels[-1]
        slack = 1e-9 * (last - first)
        if not first - slack <= level <= last + slack:
            return _outside(self, level)
        i = min(max(bisect_right(self.levels, level) - 1, 0), len(self.levels) - 2)
        share = (level - self.levels[i]) / (self.levels[i + 1] - self.levels[i])
        share = min(max(share, 0.0), 1.0)
        value, low, high = (part[i] + share * (part[i + 1] - part[i]) for part in (self.values, self.low, self.high))
        return DoseValue(float(level), value, low, high)


@dataclass(frozen=True, slots=True)
class NoDoseResponse:
    """Why there is no curve for a lever and an outcome."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    code: str
    """Kebab-case identifier, for example ``few-levels``."""
    count: int | None = None
    """Number that the reason quotes."""
    reason: Text = Text("", "")
    """Why, in one sentence."""
    what_would_help: Text = Text("", "")
    """What would make a curve possible."""

    def at(self, level: float) -> Unsupported:
        """Return why there is no response at ``level``."""
        return Unsupported(float(level), "no-curve", self.reason, self.what_would_help)


def _outside(curve: DoseResponse, level: float) -> Unsupported:
    first, last, unit = curve.levels[0], curve.levels[-1], curve.lever_unit
    zh_unit = f"（单位：{unit}）" if unit else ""
    en_unit = f" ({unit})" if unit else ""
    return Unsupported(
        float(level),
        "outside-the-data",
        Text(
            f"数据只支持{first:.6g}至{last:.6g}的水平{zh_unit}，{level:.6g}在此之外；曲线不外推。",
            f"The data support levels from {first:.6g} to {last:.6g}{en_unit}; {level:.6g} lies outside, and the "
            "curve is not extended.",
        ),
        Text(
            "请先在少数实体中把它移到那里并持续若干期，再用新数据重做研究。",
            "Move a few entities there for some periods first, then repeat the study with the new data.",
        ),
    )
