"""Small pictures of a response by level: curve, band, usual level, the point from which it brings little."""

from __future__ import annotations

import math
from dataclasses import dataclass

from causal_service.explanation.quantities import format_number
from causal_service.report.document import DosePicture
from causal_service.report.svg import FONT_FAMILY, INK, NEGATIVE, POSITIVE, element, plain, px
from causal_service.report.typesetting import em, typographic_minus

__all__ = ["dose_chart"]

_WIDTH, _HEIGHT = 360.0, 262.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 12.0, 46.0, 46.0
_SOFT, _GRID, _UNKNOWN = "#5b6773", "#e4e8ec", "#eceff2"
_BEYOND = 0.1
"""Largest share of the width given to levels that the data do not support, on each side."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """The two scales of one picture."""

    left: float
    right: float
    bottom: float
    top: float

    def x(self, level: float) -> float:
        """Return the position of a level in px, kept inside the frame."""
        share = (min(max(level, self.left), self.right) - self.left) / (self.right - self.left)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, change: float) -> float:
        """Return the position of a change in px, kept inside the frame."""
        share = (min(max(change, self.bottom), self.top) - self.bottom) / (self.top - self.bottom)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def dose_chart(picture: DosePicture) -> str:
    """Return the picture of one curve as an SVG element."""
    frame = _frame(picture)
    shapes = [
        element("title", {}, [plain(typographic_minus(f"{picture.name}: {picture.sentence}"))]),
        *_ground(picture, frame),
        *_axes(picture, frame),
        *_mark(picture, frame),
        *_curve(picture, frame),
    ]
    size = {"viewBox": f"0 0 {px(_WIDTH)} {px(_HEIGHT)}", "width": px(_WIDTH), "height": px(_HEIGHT)}
    return element("svg", {**size, "class": "dose", "role": "img", "font-family": FONT_FAMILY}, shapes)


def _frame(picture: DosePicture) -> _Frame:
    first, last = picture.levels[0], picture.levels[-1]
    room = _BEYOND * (last - first)
    bottom, top = min(0.0, *picture.low), max(0.0, *picture.high)
    margin = 0.06 * (top - bottom) or 1.0
    return _Frame(max(picture.lowest, first - room), min(picture.highest, last + room), bottom - margin, top + margin)


def _ground(picture: DosePicture, frame: _Frame) -> list[str]:
    """Grey where the data support nothing."""
    shapes = []
    for start, end in ((frame.left, picture.levels[0]), (picture.levels[-1], frame.right)):
        if end > start:
            box = {"x": frame.x(start), "y": _TOP, "width": frame.x(end) - frame.x(start)}
            shapes.append(element("rect", {**box, "height": _HEIGHT - _TOP - _BOTTOM, "fill": _UNKNOWN}))
    return shapes


def _axes(picture: DosePicture, frame: _Frame) -> list[str]:
    shapes = [_text(picture.outcome_axis, 0.0, 13.0, "start", _fitting(picture.outcome_axis))]
    for tick in _ticks(frame.bottom, frame.top, 4):
        y = frame.y(tick)
        shapes.append(_line(_LEFT, y, _WIDTH - _RIGHT, y, "#9aa4af" if tick == 0 else _GRID, 1.2 if tick == 0 else 1.0))
        label = format_number(tick)
        shapes.append(_text(f"+{label}" if tick > 0 else label, _LEFT - 6, y + 4, "end", 11.5))
    foot = _HEIGHT - _BOTTOM
    shapes.append(_line(_LEFT, foot, _WIDTH - _RIGHT, foot, "#9aa4af", 1.0))
    for tick in _ticks(frame.left, frame.right, 5):
        shapes.append(_line(frame.x(tick), foot, frame.x(tick), foot + 4, "#9aa4af", 1.0))
        shapes.append(_text(format_number(tick, 6), frame.x(tick), foot + 17, "middle", 11.5))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return [*shapes, _text(picture.lever_axis, middle, _HEIGHT - 8, "middle", _fitting(picture.lever_axis))]


def _curve(picture: DosePicture, frame: _Frame) -> list[str]:
    points = [(frame.x(x), frame.y(y)) for x, y in zip(picture.levels, picture.values, strict=True)]
    above = [(frame.x(x), frame.y(y)) for x, y in zip(picture.levels, picture.high, strict=True)]
    below = [(frame.x(x), frame.y(y)) for x, y in zip(picture.levels, picture.low, strict=True)]
    band = " ".join(f"{px(x)},{px(y)}" for x, y in [*above, *below[::-1]])
    line = "M" + "L".join(f"{px(x)} {px(y)}" for x, y in points)
    return [
        element("polygon", {"points": band, "fill": POSITIVE, "opacity": "0.17"}),
        element("path", {"d": line, "fill": "none", "stroke": POSITIVE, "stroke-width": 2.4}),
        element("circle", {"cx": frame.x(picture.reference), "cy": frame.y(0.0), "r": 4.6, "fill": INK}),
    ]


def _mark(picture: DosePicture, frame: _Frame) -> list[str]:
    """The level of saturation or turning, with its interval as a bar on the foot of the picture."""
    if picture.mark is None:
        return []
    foot, x = _HEIGHT - _BOTTOM, frame.x(picture.mark)
    low = picture.levels[0] if picture.mark_low is None else picture.mark_low
    high = picture.levels[-1] if picture.mark_high is None else picture.mark_high
    bar = {"x": frame.x(low), "y": foot - 3, "width": max(frame.x(high) - frame.x(low), 1.0), "height": 6.0}
    half = em(picture.mark_label) * 12.0 / 2
    middle = min(max(x, _LEFT + half), _WIDTH - _RIGHT - half)
    line = {"d": f"M{px(x)} {px(_TOP)}L{px(x)} {px(foot)}", "stroke": NEGATIVE, "stroke-width": 1.6}
    return [
        element("rect", {**bar, "rx": 3.0, "fill": NEGATIVE, "opacity": "0.45"}),
        element("path", {**line, "stroke-dasharray": "4 3"}),
        _text(picture.mark_label, middle, _TOP - 5, "middle", 12.0, NEGATIVE, 600),
    ]


def _ticks(low: float, high: float, wanted: int) -> list[float]:
    """Return about ``wanted`` round numbers between ``low`` and ``high``."""
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(step * index, 12) + 0.0 for index in range(first, last + 1)]


def _fitting(text: str) -> float:
    """Return a font size at which a caption fits the width."""
    return min(12.0, (_WIDTH - 4) / max(em(text), 1.0))


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, width: float) -> str:
    return element("path", {"d": f"M{px(x0)} {px(y0)}L{px(x1)} {px(y1)}", "stroke": colour, "stroke-width": width})


def _text(text: str, x: float, y: float, anchor: str, size: float, fill: str = _SOFT, weight: int = 400) -> str:
    style = {"x": x, "y": y, "text-anchor": anchor, "font-size": size, "fill": fill, "font-weight": weight}
    return element("text", style, [plain(typographic_minus(text))])
