"""Small inline charts: interval bars on a common scale, share bars, bars of a SHAP chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causal_service.explanation.quantities import format_number
from causal_service.report.document import LeverRow
from causal_service.report.svg import FONT_FAMILY, MUTED, NEGATIVE, POSITIVE, element, plain, px
from causal_service.report.typesetting import typographic_minus

__all__ = ["Scale", "chart_bar", "gain_axis", "gain_bar", "gain_scale", "share_bar", "ticks"]

_WIDTH, _PAD = 236.0, 10.0
_COLOURS = {"act": POSITIVE, "test": "#a06a00", "watch": MUTED, "insufficient": MUTED}


@dataclass(frozen=True, slots=True)
class Scale:
    """A common horizontal scale for the bars of one table."""

    low: float
    """Left end, outcome unit."""
    high: float
    """Right end, outcome unit."""

    def x(self, value: float) -> float:
        """Return the position of ``value`` in px, kept inside the chart."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return _PAD + share * (_WIDTH - 2 * _PAD)


def gain_scale(rows: Sequence[LeverRow]) -> Scale:
    """Return a scale that holds zero and every interval; one huge interval must not flatten the others."""
    if not rows:
        return Scale(-1.0, 1.0)
    sure = [row for row in rows if row.verdict in {"act", "test"}] or list(rows)
    reach = 2.0 * max(abs(row.gain_value) for row in rows)
    high = max([0.0, *(row.gain_high for row in sure), *(min(row.gain_high, reach) for row in rows)])
    low = min([0.0, *(row.gain_low for row in sure), *(max(row.gain_low, -reach) for row in rows)])
    if high - low <= 0 or not math.isfinite(high - low):
        return Scale(-1.0, 1.0)
    margin = 0.03 * (high - low)
    return Scale(low - margin if low < 0 else -margin, high + margin if high > 0 else margin)


def gain_bar(row: LeverRow, scale: Scale, title: str) -> str:
    """Return the interval of one lever as a bar with its mean as a dot; cut ends carry an arrow."""
    middle, colour = 12.0, _COLOURS[row.verdict]
    left, right = scale.x(row.gain_low), scale.x(row.gain_high)
    shapes = [
        element("title", {}, [plain(typographic_minus(title))]),
        _line(scale.x(0), 0, scale.x(0), 24, "#9aa4af", 1),
        _bar(left, middle - 3.5, max(right - left, 1.0), 7, colour, 0.35),
        element("circle", {"cx": scale.x(row.gain_value), "cy": middle, "r": 4.6, "fill": colour}),
    ]  # fmt: skip
    if row.gain_high > scale.high:
        shapes.append(_cut(right, middle, 1, colour))
    if row.gain_low < scale.low:
        shapes.append(_cut(left, middle, -1, colour))
    return _chart(_WIDTH, 24, shapes, "gain")


def gain_axis(scale: Scale) -> str:
    """Return the axis of the bars: three to five round ticks."""
    shapes = []
    for tick in ticks(scale):
        shapes.append(_line(scale.x(tick), 14, scale.x(tick), 20, "#9aa4af", 1))
        label = typographic_minus(format_number(tick))
        text = {"x": scale.x(tick), "y": 10.0, "text-anchor": "middle", "font-size": 10.5, "fill": "#5b6773"}
        shapes.append(element("text", text, [plain(label)]))
    return _chart(_WIDTH, 20, shapes, "axis")


def share_bar(share: float | None) -> str:
    """Return a share of the total effect as a bar; a path that works against the total is drawn in the other colour."""
    width = 120.0
    shapes = [_bar(0, 2, width, 8, "#e8ecf0")]
    if share is not None:
        colour = POSITIVE if share >= 0 else NEGATIVE
        shapes.append(_bar(0, 2, width * min(abs(share), 1.0), 8, colour))
    return _chart(width, 12, shapes, "share")


def chart_bar(share: float | None, largest: float, misleading: bool) -> str:
    """Return the bar of one indicator in a SHAP chart, on the scale of the longest; misleading ones stand out."""
    width = 120.0
    length = 0.0 if share is None or largest <= 0 else width * share / largest
    colour = NEGATIVE if misleading else "#9aa4af"
    return _chart(width, 12, [_bar(0, 1, max(length, 1.0), 10, colour)], "shap")


def ticks(scale: Scale) -> list[float]:
    """Return three to five round numbers on the scale."""
    raw = (scale.high - scale.low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    first, last = math.ceil(scale.low / step), math.floor(scale.high / step)
    return [round(step * index, 12) for index in range(first, last + 1)]


def _bar(x: float, y: float, width: float, height: float, fill: str, opacity: float | None = None) -> str:
    size = {"x": x, "y": y, "width": width, "height": height, "rx": height / 2}
    return element("rect", {**size, "fill": fill, "opacity": opacity})


def _cut(x: float, y: float, side: int, colour: str) -> str:
    corners = f"{px(x + side * 7)},{px(y)} {px(x)},{px(y - 5)} {px(x)},{px(y + 5)}"
    return element("polygon", {"points": corners, "fill": colour})


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, width: float) -> str:
    return element("path", {"d": f"M{px(x0)} {px(y0)}L{px(x1)} {px(y1)}", "stroke": colour, "stroke-width": width})


def _chart(width: float, height: float, shapes: list[str], name: str) -> str:
    size = {"viewBox": f"0 0 {px(width)} {px(height)}", "width": px(width), "height": px(height)}
    return element("svg", {**size, "class": name, "role": "img", "font-family": FONT_FAMILY}, shapes)
