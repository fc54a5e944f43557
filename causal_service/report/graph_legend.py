"""The legend of the graph picture: only what the picture contains."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.errors import Text
from causal_service.explanation.quantities import format_share
from causal_service.graph.causal_graph import Edge
from causal_service.graph.layout import Point
from causal_service.report.svg import NEGATIVE, POSITIVE, element, plain, px
from causal_service.report.typesetting import em

__all__ = ["draw_legend"]

_SIZE, _LINE, _SAMPLE, _GAP = 12.0, 22.0, 30.0, 22.0
_GREY = "#5b6773"


def draw_legend(
    edges: Sequence[Edge], inertia: bool, left_out: int, least: float, lang: str, corner: Point, width: float
) -> tuple[list[str], float]:
    """Return the legend's shapes from ``corner`` on, at most ``width`` px wide, and its height."""
    (x, y), shapes = corner, []
    row = y + 14
    for sample, words in _entries(edges, inertia, left_out, least):
        label = words.get(lang)
        needed = (_SAMPLE if sample else 0) + em(label) * _SIZE
        if x > corner[0] and x + needed > corner[0] + width:
            x, row = corner[0], row + _LINE
        if sample:
            shapes.append(element("g", {"transform": f"translate({px(x)} {px(row)})"}, [sample]))
            x += _SAMPLE
        text = {"x": px(x), "y": px(row + 4), "font-size": _SIZE, "fill": _GREY}
        shapes.append(element("text", text, [plain(label)]))
        x += em(label) * _SIZE + _GAP
    return shapes, row + 12 - y


_WEIGHT_WORDS = Text("越粗作用越强，越淡越不常出现", "thicker is stronger, fainter is seen less often")


def _entries(edges: Sequence[Edge], inertia: bool, left_out: int, least: float) -> list[tuple[str, Text]]:
    marks, entries = {edge.mark for edge in edges}, []
    if any((edge.strength or 0) > 0 for edge in edges):
        entries.append((_arrow(POSITIVE), Text("同向（一升俱升）", "same direction (one up, the other up)")))
    if any((edge.strength or 0) < 0 for edge in edges):
        entries.append((_arrow(NEGATIVE), Text("反向（此升彼降）", "opposite direction (one up, the other down)")))
    if edges:
        entries.append((_weights(), _WEIGHT_WORDS))
    if any(edge.lag for edge in edges):
        entries.append((_line("7 4"), Text("虚线：后期才起作用", "dashed: acts in a later period")))
    if "---" in marks:
        entries.append((_line(None), Text("无箭头：方向无法确定", "no head: direction not known")))
    if "<->" in marks:
        entries.append(
            (_two_heads(), Text("双箭头：同受一个隐藏因素推动", "two heads: moved by a hidden common cause"))
        )
    if marks & {"o->", "o-o"}:
        entries.append((_circle(), Text("圆点：可能另有共同原因", "circle: a hidden common cause is possible")))
    if inertia:
        entries.append((_turn(), Text("自身惯性", "carries over from its own past")))
    if not edges:
        entries.append(("", _nothing_words(format_share(least))))
    elif left_out:
        entries.append(("", _left_out_words(left_out, format_share(least))))
    return entries


def _left_out_words(count: int, share: str) -> Text:
    edges = "edge" if count == 1 else "edges"
    return Text(
        f"另有{count}条边出现在不足{share}的重抽样中，未画出。",
        f"{count} more {edges} seen in fewer than {share} of resamples not drawn.",
    )


def _nothing_words(share: str) -> Text:
    return Text(
        f"没有一条边出现在{share}以上的重抽样中，因此没有画出任何边。",
        f"No edge was seen in {share} or more of the resamples, so none is drawn.",
    )


def _arrow(colour: str) -> str:
    head = element("polygon", {"points": "23,0 14,-4.5 14,4.5", "fill": colour})
    return _stroke("M0 0H15", colour, 3) + head


def _line(dashes: str | None) -> str:
    return element("path", {"d": "M0 0H23", "stroke": _GREY, "stroke-width": 2, "stroke-dasharray": dashes})


def _weights() -> str:
    return _stroke("M0 -4H23", _GREY, 1.2) + element(
        "path", {"d": "M0 3H23", "stroke": _GREY, "stroke-width": 4.5, "opacity": 0.45}
    )


def _circle() -> str:
    return _stroke("M5 0H23", _GREY, 2) + element(
        "circle", {"cx": 4, "cy": 0, "r": 3.6, "fill": "#ffffff", "stroke": _GREY, "stroke-width": 1.6}
    )


def _two_heads() -> str:
    heads = [element("polygon", {"points": p, "fill": _GREY}) for p in ("23,0 15,-4 15,4", "0,0 8,-4 8,4")]
    return _stroke("M7 0H16", _GREY, 2) + "".join(heads)


def _turn() -> str:
    ring = element("circle", {"cx": 14, "cy": 0, "r": 7.2, "fill": "#ffffff", "stroke": _GREY})
    arc = element("path", {"d": "M11 2.4A4 4 0 1 1 17.4 2", "fill": "none", "stroke": _GREY, "stroke-width": 1.3})
    return ring + arc + element("polygon", {"points": "19.6,1 15,1.2 17,5", "fill": _GREY})


def _stroke(path: str, colour: str, width: float) -> str:
    return element("path", {"d": path, "stroke": colour, "stroke-width": width, "fill": "none"})
