"""The graph picture: one SVG for report, notebook and file.

Left to right by layer. Width of an edge is the size of the standardised coefficient, opacity the share of resamples
that contain it, colour its sign; dashed edges act in a later period, an edge without a head has no known direction, a
circle leaves room for a hidden common cause. Edges that do not lead to the outcome step back.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from causal_service.errors import Text
from causal_service.explanation.phrases import name_of, spaced
from causal_service.explanation.quantities import format_fixed, format_level, format_share
from causal_service.graph.causal_graph import CausalGraph, Edge
from causal_service.graph.layout import Layout, layered_layout
from causal_service.panel.summary import IndicatorSummary
from causal_service.report.graph_edges import Frame, draw_edges, leads_to, visible
from causal_service.report.graph_legend import draw_legend
from causal_service.report.labels import layer_label
from causal_service.report.parts import StudyParts
from causal_service.report.svg import FONT_FAMILY, INK, MUTED, element, plain, px, text_lines
from causal_service.report.typesetting import balanced, typographic_minus, wrap

__all__ = ["graph_svg"]

_SIZE = 13.0
_NODE_WIDTH, _NODE_HEIGHT = 112.0, 46.0
_COLUMN_GAP, _ROW_GAP = 44.0, 18.0
_MARGIN, _HEADING = 22.0, 34.0
_LEAST_WIDTH = 640.0
_OUTCOME = "#7a4b12"


@dataclass(frozen=True, slots=True)
class _Picture:
    """Everything the drawing steps share."""

    parts: StudyParts
    lang: str
    outcome: str | None
    indicators: dict[str, IndicatorSummary]
    edges: list[Edge]
    inertia: dict[str, Edge]
    layout: Layout
    frame: Frame
    upstream: set[str]
    width: float

    def name(self, key: str) -> str:
        return name_of(key, self.indicators).get(self.lang)


def graph_svg(parts: StudyParts, lang: str, *, outcome: str | None = None, least_frequency: float = 0.5) -> str:
    """Draw the causal graph of a study.

    Parameters
    ----------
    parts : a finished study.
    lang : ``"zh"`` or ``"en"``.
    outcome : indicator to highlight with the paths into it; ``None`` treats all edges alike.
    least_frequency : edges seen in a smaller share of resamples are left out, and the legend says how many.

    Returns
    -------
    A complete ``<svg>`` with its namespace: usable inside HTML and as a file of its own. Same input, same text.
    """
    picture = _arrange(parts, lang, outcome, least_frequency)
    bottom = picture.frame.top + _rows(picture.layout) * picture.frame.row_pitch
    legend, legend_height = draw_legend(
        picture.edges, bool(picture.inertia), _left_out(parts.graph, least_frequency), least_frequency, lang,
        (_MARGIN, bottom + 8), picture.width - 2 * _MARGIN,
    )  # fmt: skip
    height = bottom + legend_height + 18
    title = _title(picture)
    anchor = f"graph-{zlib.crc32((outcome or '').encode()):08x}"
    body = [
        element("title", {"id": f"{anchor}-t"}, [plain(title.get(lang))]),
        element("desc", {"id": f"{anchor}-d"}, [plain(_description(picture).get(lang))]),
        element("rect", {"width": px(picture.width), "height": px(height), "fill": "#ffffff"}),
        *_headings(picture, bottom),
        *draw_edges(picture.edges, picture.layout, picture.frame, picture.upstream, lambda e: _edge_title(e, picture)),
        *(_node(key, picture) for key in picture.layout.positions),
        *legend,
    ]
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {px(picture.width)} {px(height)}",
        "width": px(picture.width),
        "height": px(height),
        "role": "img",
        "lang": lang,
        "aria-labelledby": f"{anchor}-t {anchor}-d",
        "font-family": FONT_FAMILY,
        "class": "graph",
    }
    return element("svg", attributes, body)


def _arrange(parts: StudyParts, lang: str, outcome: str | None, least: float) -> _Picture:
    edges = visible(parts.graph.edges, least)
    order = {layer: index for index, layer in enumerate(parts.layers)}
    layer_of = {node.name: order.get(node.layer) if node.layer is not None else None for node in parts.graph.nodes}
    pairs = [(edge.source, edge.target) for edge in edges]
    layout = layered_layout([node.name for node in parts.graph.nodes], pairs, layer_of)
    drawn = (1 + max((column for column, _ in layout.positions.values()), default=0.0)) * (_NODE_WIDTH + _COLUMN_GAP)
    width = max(_LEAST_WIDTH, drawn - _COLUMN_GAP + 2 * _MARGIN)
    pitch, left = (_NODE_WIDTH + _COLUMN_GAP, _NODE_HEIGHT + _ROW_GAP), (width - drawn + _COLUMN_GAP) / 2
    top = _MARGIN + (_HEADING if any(index is not None for index in layer_of.values()) else 0)
    frame = Frame(_NODE_WIDTH, _NODE_HEIGHT, *pitch, left, top)
    inertia = {
        edge.source: edge
        for edge in parts.graph.edges
        if edge.source == edge.target and (edge.frequency is None or edge.frequency >= least)
    }
    indicators = {entry.key: entry for entry in parts.indicators}
    upstream = leads_to(outcome, edges)
    return _Picture(parts, lang, outcome, indicators, edges, inertia, layout, frame, upstream, width)


def _rows(layout: Layout) -> float:
    heights = [height for _, height in layout.positions.values()]
    heights += [height for route in layout.routes.values() for _, height in route]
    return 1 + max(heights, default=0.0)


def _left_out(graph: CausalGraph, least: float) -> int:
    return sum(
        edge.frequency is not None and edge.frequency < least and edge.source != edge.target for edge in graph.edges
    )


# --- layers ----------------------------------------------------------------------------------------------------------


def _headings(picture: _Picture, bottom: float) -> list[str]:
    """Return a quiet band and a heading for every declared layer."""
    shapes: list[str] = []
    frame, half_gap = picture.frame, _COLUMN_GAP / 2
    for index, layer in enumerate(picture.parts.layers):
        members = [node.name for node in picture.parts.graph.nodes if node.layer == layer]
        columns = [picture.layout.positions[name][0] for name in members]
        if not columns:
            continue
        left = frame.left + min(columns) * frame.column_pitch - half_gap + 3
        right = frame.left + max(columns) * frame.column_pitch + frame.node_width + half_gap - 3
        fill = "#f5f7f9" if index % 2 == 0 else "#fafbfc"
        band = {
            "x": px(left),
            "y": px(_MARGIN - 14),
            "width": px(right - left),
            "height": px(bottom - _MARGIN + 8),
            "rx": 8,
        }
        label = wrap(layer_label(layer, picture.lang), (right - left - 8) / 12.5, 2)
        style = {"fill": "#5b6773", "font-weight": 600, "letter-spacing": "0.04em"}
        shapes.append(element("rect", {**band, "fill": fill}))
        shapes.append(text_lines(label, (left + right) / 2, _MARGIN + 6, 12.5, style))
    return shapes


# --- nodes -----------------------------------------------------------------------------------------------------------


def _node(key: str, picture: _Picture) -> str:
    x, y = picture.frame.centre(picture.layout.positions[key])
    is_outcome, aside = key == picture.outcome, picture.outcome is not None and key not in picture.upstream
    label = picture.name(key)
    size = _SIZE if len(wrap(label, (_NODE_WIDTH - 8) / _SIZE, 9)) <= 2 else 11.0
    lines = balanced(label, (_NODE_WIDTH - 8) / size, 2 if size == _SIZE else 3)
    box = {
        "x": x - _NODE_WIDTH / 2, "y": y - _NODE_HEIGHT / 2, "width": _NODE_WIDTH, "height": _NODE_HEIGHT, "rx": 7,
        "fill": "#fbf1e1" if is_outcome else "#ffffff",
        "stroke": _OUTCOME if is_outcome else "#c3cad2" if aside else "#55616e",
        "stroke-width": 2.4 if is_outcome else 1.2,
    }  # fmt: skip
    style = {"fill": _OUTCOME if is_outcome else MUTED if aside else INK, "font-weight": 700 if is_outcome else 500}
    shapes = [element("title", {}, [plain(_node_title(key, picture).get(picture.lang))]), element("rect", box)]
    shapes.append(text_lines(lines, x, y, size, style))
    if key in picture.inertia:
        shapes.append(_inertia_badge(x + _NODE_WIDTH / 2 - 9, y - _NODE_HEIGHT / 2, aside))
    return element("g", {"class": "node"}, shapes)


def _inertia_badge(x: float, y: float, aside: bool) -> str:
    """Return a small turning arrow on the node's upper edge: part of the level carries over to the next period."""
    colour = "#b4bcc5" if aside else "#6b7783"
    arc = f"M{px(x - 3)} {px(y + 2.4)}A4 4 0 1 1 {px(x + 3.4)} {px(y + 2)}"
    tip = f"{px(x + 5.6)},{px(y + 1)} {px(x + 1)},{px(y + 1.2)} {px(x + 3)},{px(y + 5)}"
    return element("g", {"class": "inertia"}, [
        element("circle", {"cx": x, "cy": y, "r": 7.2, "fill": "#ffffff", "stroke": colour, "stroke-width": 1}),
        element("path", {"d": arc, "fill": "none", "stroke": colour, "stroke-width": 1.3}),
        element("polygon", {"points": tip, "fill": colour}),
    ])  # fmt: skip


# --- words -----------------------------------------------------------------------------------------------------------


def _title(picture: _Picture) -> Text:
    if picture.outcome is None:
        return Text("因果图", "Causal graph")
    name = name_of(picture.outcome, picture.indicators)
    return spaced(f"通向{name.zh}的因果图", f"Causal graph of what leads to {name.en}")


def _description(picture: _Picture) -> Text:
    nodes, edges = len(picture.layout.positions), len(picture.edges)
    return Text(
        f"{nodes}个指标，{edges}条因果边，按层级自左向右排列。",
        f"{nodes} indicators and {edges} causal edges, in layers from left to right.",
    )


def _edge_title(edge: Edge, picture: _Picture) -> str:
    source, target = picture.name(edge.source), picture.name(edge.target)
    zh, en = [f"{source} {_ARROWS[edge.mark]} {target}"], [f"{source} {_ARROWS[edge.mark]} {target}"]
    zh.append("同期" if edge.lag == 0 else f"滞后{edge.lag}期")
    en.append("same period" if edge.lag == 0 else f"{edge.lag} period{'s' if edge.lag > 1 else ''} later")
    if edge.strength is not None:
        strength = typographic_minus(format_fixed(edge.strength, 2))
        zh.append(f"标准化强度{strength}")
        en.append(f"standardised strength {strength}")
    if edge.frequency is not None:
        zh.append(f"出现在{format_share(edge.frequency)}的重抽样中")
        en.append(f"in {format_share(edge.frequency)} of resamples")
    return plain("，".join(zh) if picture.lang == "zh" else ", ".join(en))


_ARROWS = {"-->": "→", "---": "—", "o->": "o→", "o-o": "o–o", "<->": "↔"}


def _node_title(key: str, picture: _Picture) -> Text:
    name, entry, own = name_of(key, picture.indicators), picture.indicators.get(key), picture.inertia.get(key)
    zh, en = [name.zh], [name.en]
    if entry is not None:
        mean = format_level(entry.mean, entry.unit, "zh"), format_level(entry.mean, entry.unit, "en")
        zh.append(f"均值{typographic_minus(mean[0])}")
        en.append(f"mean {typographic_minus(mean[1])}")
    if own is not None and own.strength is not None:
        strength = typographic_minus(format_fixed(own.strength, 2))
        zh.append(f"自身惯性{strength}（滞后{own.lag}期）")
        en.append(f"own inertia {strength} (lag {own.lag})")
    return Text("，".join(zh), ", ".join(en))
