"""The edges of the graph picture: where they leave and enter, how they bend, how they look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from causal_service.graph.causal_graph import Edge
from causal_service.graph.layout import Layout, Point
from causal_service.report.svg import MUTED, NEGATIVE, POSITIVE, element, px

__all__ = ["Frame", "draw_edges", "leads_to", "visible"]

_FAINT = 0.42
"""Opacity factor of edges that do not lead to the outcome."""
_PORT_STEP = 8.0
_PARALLEL = 4.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Sizes of the picture, in px, and the way from abstract to drawn coordinates."""

    node_width: float
    node_height: float
    column_pitch: float
    row_pitch: float
    left: float
    top: float

    def centre(self, point: Point) -> Point:
        """Return the drawn centre of a node, or the drawn point of a route."""
        column, height = point
        return (
            self.left + column * self.column_pitch + self.node_width / 2,
            self.top + height * self.row_pitch + self.node_height / 2,
        )


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a drawn edge, waiting for its port on a node's side."""

    edge: int
    node: str
    side: int
    """+1 right side, -1 left side."""
    aim: float
    """Height of the next point, by which ports are sorted."""


def visible(edges: Sequence[Edge], least: float) -> list[Edge]:
    """Return edges between two indicators that were seen often enough, the surest same-period arrows first."""
    kept = [e for e in edges if e.source != e.target and (e.frequency is None or e.frequency >= least)]
    return sorted(kept, key=lambda e: (e.lag, e.mark == "---", -(e.frequency or 1.0), e.source, e.target))


def leads_to(outcome: str | None, edges: Sequence[Edge]) -> set[str]:
    """Return the outcome and everything on a path into it; every node when there is no outcome."""
    if outcome is None:
        return {name for edge in edges for name in (edge.source, edge.target)}
    reached, frontier = {outcome}, [outcome]
    while frontier:
        target = frontier.pop()
        causes = {e.source for e in edges if e.target == target and e.mark != "<->"}
        causes |= {e.target for e in edges if e.source == target and e.mark in {"---", "o-o"}}
        frontier += sorted(causes - reached)
        reached |= causes
    return reached


def draw_edges(
    edges: Sequence[Edge], layout: Layout, frame: Frame, upstream: set[str], title: Callable[[Edge], str]
) -> list[str]:
    """Return the edges as SVG, those that do not lead to the outcome first (underneath)."""
    routes = [layout.routes[edge.source, edge.target] for edge in edges]
    ports = _ports(edges, routes, frame)
    shift = _parallel_shift(edges)
    drawn: list[tuple[bool, str]] = []
    for index, edge in enumerate(edges):
        strong = _matters(edge, upstream)
        points = _points(routes[index], ports, index, shift[index], frame)
        drawn.append((strong, _edge(edge, points, strong, frame, title(edge))))
    return [shape for _, shape in sorted(drawn, key=lambda item: item[0])]


def _matters(edge: Edge, upstream: set[str]) -> bool:
    """Whether the edge leads to the outcome; a common cause does that through either end."""
    ends = edge.source in upstream, edge.target in upstream
    return any(ends) if edge.mark == "<->" else all(ends)


def _ports(edges: Sequence[Edge], routes: Sequence[tuple[Point, ...]], frame: Frame) -> dict[tuple[int, int], float]:
    """Return the vertical offset of every edge end on its node: spread, and sorted so that they do not cross."""
    ends: dict[tuple[str, int], list[_End]] = {}
    for index, (edge, route) in enumerate(zip(edges, routes, strict=True)):
        side = 1 if route[0][0] < route[-1][0] else -1
        for end in (_End(index, edge.source, side, route[1][1]), _End(index, edge.target, -side, route[-2][1])):
            ends.setdefault((end.node, end.side), []).append(end)
    offsets: dict[tuple[int, int], float] = {}
    for (node, side), group in ends.items():
        group.sort(key=lambda end: (end.aim, end.edge))
        step = min(_PORT_STEP, (frame.node_height - 14) / max(1, len(group) - 1))
        for place, end in enumerate(group):
            at_source = edges[end.edge].source == node and side == _direction(routes[end.edge])
            offsets[end.edge, 0 if at_source else 1] = (place - (len(group) - 1) / 2) * step
    return offsets


def _direction(route: Sequence[Point]) -> int:
    return 1 if route[0][0] < route[-1][0] else -1


def _parallel_shift(edges: Sequence[Edge]) -> list[float]:
    """Return the vertical shift that keeps two lags of one pair apart on their common way."""
    seen: dict[frozenset[str], int] = {}
    shifts = []
    for edge in edges:
        count = seen[frozenset((edge.source, edge.target))] = seen.get(frozenset((edge.source, edge.target)), -1) + 1
        shifts.append(count * _PARALLEL)
    return shifts


def _points(
    route: Sequence[Point], ports: Mapping[tuple[int, int], float], index: int, shift: float, frame: Frame
) -> list[Point]:
    """Return the corner points: leave the source's side, pass every column straight, reach the target's side."""
    side, half = _direction(route), frame.node_width / 2
    (x, y), points = frame.centre(route[0]), []
    points.append((x + side * half, y + ports[index, 0]))
    for middle in route[1:-1]:
        x, y = frame.centre(middle)
        points += [(x - side * half, y + shift), (x + side * half, y + shift)]
    x, y = frame.centre(route[-1])
    points.append((x - side * half, y + ports[index, 1]))
    return points


def _edge(edge: Edge, points: list[Point], strong: bool, frame: Frame, title: str) -> str:
    width = 1.5 if edge.strength is None else 1.1 + 6.5 * min(abs(edge.strength), 0.8)
    colour = MUTED if not edge.strength else POSITIVE if edge.strength > 0 else NEGATIVE
    frequency = 1.0 if edge.frequency is None else edge.frequency
    opacity = round((0.3 + 0.7 * max(0.0, 2 * frequency - 1)) * (1 if strong else _FAINT), 3)
    side = 1 if points[-1][0] > points[0][0] else -1
    head = 5.0 + 1.1 * width
    starts, stops = _ends_of(edge)
    line = list(points)
    if stops == ">":
        line[-1] = (line[-1][0] - side * head * 0.9, line[-1][1])
    stroke = {"d": _curve(line), "fill": "none", "stroke-width": width, "stroke-dasharray": "7 4" if edge.lag else None}
    shapes = [element("path", stroke)]
    shapes += _mark(stops, points[-1], side, head) + _mark(starts, points[0], -side, head)
    attributes = {"stroke": colour, "fill": colour, "opacity": opacity, "class": "edge" if strong else "edge aside"}
    return element("g", attributes, [element("title", {}, [title]), *shapes])


def _ends_of(edge: Edge) -> tuple[str, str]:
    """Return the marks at source and target: ``>`` head, ``o`` circle, empty tail."""
    return {"-->": ("", ">"), "---": ("", ""), "o->": ("o", ">"), "o-o": ("o", "o"), "<->": (">", ">")}[edge.mark]


def _mark(mark: str, tip: Point, side: int, size: float) -> list[str]:
    x, y = tip
    if mark == ">":
        back, half = x - side * size, size * 0.5
        corners = f"{px(x)},{px(y)} {px(back)},{px(y - half)} {px(back)},{px(y + half)}"
        return [element("polygon", {"points": corners, "stroke": "none"})]
    if mark == "o":
        return [element("circle", {"cx": x - side * 4, "cy": y, "r": 3.6, "fill": "#ffffff", "stroke-width": 1.6})]
    return []


def _curve(points: Sequence[Point]) -> str:
    """Return a path that leaves and enters every corner horizontally; corners come in pairs across a column."""
    parts = [f"M{px(points[0][0])} {px(points[0][1])}"]
    for step, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        middle = (x0 + x1) / 2
        bend = f"C{px(middle)} {px(y0)} {px(middle)} {px(y1)} {px(x1)} {px(y1)}"
        parts.append(bend if step % 2 == 0 else f"L{px(x1)} {px(y1)}")
    return "".join(parts)
