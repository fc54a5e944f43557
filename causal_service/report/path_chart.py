"""Charts over periods: the expected path of a change with its band, and how much of an effect has arrived."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.explanation.quantities import decimals_of_interval, format_fixed
from causal_service.report.bars import Scale, ticks
from causal_service.report.document import WhatIfPart
from causal_service.report.svg import FONT_FAMILY, INK, MUTED, POSITIVE, element, plain, px
from causal_service.report.typesetting import em, typographic_minus, wrap

__all__ = ["arrival_columns", "path_chart"]

_WIDTH, _HEIGHT = 420.0, 196.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 74.0, 16.0, 30.0
_GREY = "#5b6773"
_COLUMN, _GAP, _TALL = 9.0, 2.0, 14.0


def path_chart(part: WhatIfPart, periods: Sequence[str]) -> str:
    """Return the change of the outcome in every period, its 95 % interval as a band, and its value at the end.

    ``periods``: labels of the horizontal axis, one per period.
    """
    scale = _scale(part)
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(part.value) - 1, 1)
    xs = [_LEFT + step * t for t in range(len(part.value))]
    middle = [scale.y(value) for value in part.value]
    above, below = [scale.y(value) for value in part.high], [scale.y(value) for value in part.low]
    band = " ".join(
        f"{px(x)},{px(y)}" for x, y in [*zip(xs, above, strict=True), *reversed([*zip(xs, below, strict=True)])]
    )
    line = "M" + "L".join(f"{px(x)} {px(y)}" for x, y in zip(xs, middle, strict=True))
    decimals = decimals_of_interval(part.value[-1], part.low[-1], part.high[-1])
    number = format_fixed(part.value[-1], decimals)
    end = f"+{number}" if part.value[-1] > 0 else number
    shapes = [
        element("title", {}, [plain(f"{part.outcome}: {typographic_minus(end)} {part.unit}".rstrip())]),
        *_axis(scale),
        element("polygon", {"points": band, "fill": POSITIVE, "opacity": 0.16}),
        element("path", {"d": line, "fill": "none", "stroke": POSITIVE, "stroke-width": 2.2}),
        *(element("circle", {"cx": x, "cy": y, "r": 3.4, "fill": POSITIVE}) for x, y in zip(xs, middle, strict=True)),
        *_periods(xs, periods),
        *_end(typographic_minus(end), part.unit, xs[-1] + 9, middle[-1]),
    ]  # fmt: skip
    size = {"viewBox": f"0 0 {px(_WIDTH)} {px(_HEIGHT)}", "width": px(_WIDTH), "height": px(_HEIGHT)}
    return element("svg", {**size, "class": "path-chart", "role": "img", "font-family": FONT_FAMILY}, shapes)


def arrival_columns(arrived: Sequence[float], title: str) -> str:
    """Return one column per period: the share of a part that has arrived, full height = all of it."""
    if len(arrived) < 2:
        return ""
    width = len(arrived) * (_COLUMN + _GAP)
    shapes = [element("title", {}, [plain(typographic_minus(title))])]
    for t, share in enumerate(arrived):
        x, tall = t * (_COLUMN + _GAP), _TALL * min(max(share, 0.0), 1.0)
        shapes.append(element("rect", {"x": x, "y": 0, "width": _COLUMN, "height": _TALL, "fill": "#e8ecf0"}))
        shapes.append(element("rect", {"x": x, "y": _TALL - tall, "width": _COLUMN, "height": tall, "fill": POSITIVE}))
    size = {"viewBox": f"0 0 {px(width)} {px(_TALL)}", "width": px(width), "height": px(_TALL)}
    return element("svg", {**size, "class": "arrival", "role": "img"}, shapes)


class _Vertical(Scale):
    """A scale from bottom to top."""

    __slots__ = ()

    def y(self, value: float) -> float:
        """Return the position of ``value`` in px."""
        share = (value - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _scale(part: WhatIfPart) -> _Vertical:
    low, high = min(0.0, *part.low), max(0.0, *part.high)
    if high == low:
        return _Vertical(-1.0, 1.0)
    margin = 0.06 * (high - low)
    return _Vertical(low - (margin if low < 0 else 0.0), high + (margin if high > 0 else 0.0))


def _axis(scale: _Vertical) -> list[str]:
    shapes = []
    marks = ticks(scale)
    decimals = max((len(f"{mark:.6f}".rstrip("0").partition(".")[2]) for mark in marks), default=0)
    for mark in marks:
        y, zero = scale.y(mark), mark == 0
        line = {"d": f"M{px(_LEFT)} {px(y)}L{px(_WIDTH - _RIGHT)} {px(y)}", "stroke": "#9aa4af" if zero else "#e4e8ec"}
        shapes.append(element("path", {**line, "stroke-width": 1.2 if zero else 1}))
        label = "0" if zero else typographic_minus(format_fixed(mark, decimals))
        shapes.append(_text(label, _LEFT - 8, y + 4, "end", 11.0, _GREY, 400))
    return shapes


def _end(number: str, unit: str, x: float, y: float) -> list[str]:
    """Return the value at the end and, below it, its unit in as many lines as it needs within the right margin."""
    room = _WIDTH - x - 2
    size = 11.0 if all(11.0 * em(word) <= room for word in unit.split()) else 9.5
    lines = wrap(unit, room / size, 3) if unit else []
    y = min(y - 4, _HEIGHT - _BOTTOM - 12 - size * len(lines)) if lines else y + 5
    rows = [_text(line, x, y + 16 + 1.1 * size * i, "start", size, _GREY, 400) for i, line in enumerate(lines)]
    return [_text(number, x, y, "start", 15.0, INK, 600), *rows]


def _periods(xs: Sequence[float], labels: Sequence[str]) -> list[str]:
    """Label as many periods as fit, the first and the last always."""
    widest = 11 * max(em(label) for label in labels) + 10
    every = max(1, -(-int(widest) // max(int(xs[1] - xs[0]) if len(xs) > 1 else 1, 1)))
    last = len(xs) - 1
    shown = [t for t in range(len(xs)) if t == last or (t % every == 0 and last - t >= every)]
    return [
        _text(labels[t], xs[t], _HEIGHT - 10, "middle", 11.0, MUTED if t not in (0, last) else _GREY, 400)
        for t in shown
    ]


def _text(text: str, x: float, y: float, anchor: str, size: float, fill: str, weight: int) -> str:
    style = {"x": x, "y": y, "text-anchor": anchor, "font-size": size, "fill": fill, "font-weight": weight}
    return element("text", style, [plain(text)])
