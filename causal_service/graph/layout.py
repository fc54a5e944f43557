"""Layered left-to-right layout of a causal graph: our own, deterministic, without an external library.

Steps (Sugiyama, Tagawa & Toda 1981, IEEE Trans. SMC 11): columns from the declared layers, split into sub-columns by
the longest path inside a layer; dummy points where an edge passes a column; crossings reduced by barycentre sweeps and
transposition of neighbours (Gansner et al. 1993, IEEE Trans. Softw. Eng. 19); heights by isotonic placement, so that
edges run as straight as the minimum distances allow.

Coordinates are abstract: ``column`` counts columns from the left, ``height`` counts rows of one node each. An edge that
must run against the columns (feedback into an earlier layer, or the edge that closes a cycle) keeps its own direction
in ``routes`` and simply runs right to left.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Layout", "Point", "count_crossings", "layered_layout"]

Point = tuple[float, float]
"""(column, height)."""
Pair = tuple[str, str]
Segment = tuple[int, int]
"""Positions of one edge piece in two neighbouring columns."""

_SWEEPS = 12
_NODE_GAP, _MIXED_GAP, _DUMMY_GAP = 1.0, 0.72, 0.34


@dataclass(frozen=True, slots=True)
class Layout:
    """Where every node stands and how every edge runs."""

    positions: dict[str, Point]
    """(column, height) by node; columns are whole numbers from 0, heights are in rows, smallest 0."""
    routes: dict[Pair, tuple[Point, ...]]
    """Points from source to target, one per column passed, both ends included."""
    crossings: int
    """Crossings between neighbouring columns after reduction."""
    initial_crossings: int
    """Crossings of the order before reduction."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A node, or the dummy point of an edge in a column it passes (then ``edge`` is set)."""

    name: str
    edge: Pair | None = None


Columns = list[list[_Item]]
Links = dict[_Item, list[_Item]]


def layered_layout(names: Sequence[str], edges: Iterable[Pair], layer_of: Mapping[str, int | None]) -> Layout:
    """Place ``names`` in columns and route ``edges``.

    Parameters
    ----------
    names : nodes, any order; the result depends on the set of names only through ties.
    edges : (source, target) pairs; loops and repeats are ignored. Where a cycle must be broken, earlier pairs win.
    layer_of : declared layer index by node, ``None`` or absent when untiered.
    """
    known = set(names)
    pairs = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1] and set(edge) <= known]
    column_of = _columns_of(sorted(known), pairs, layer_of)
    columns, right = _with_dummies(column_of, pairs)
    left = _reversed(right, columns)
    initial = _crossings(columns, right)
    columns = _fewer_crossings(columns, left, right)
    points = _heights(columns, left, right)
    routes = {pair: _route(pair, column_of, points) for pair in pairs}
    positions = {item.name: point for item, point in points.items() if item.edge is None}
    return Layout(dict(sorted(positions.items())), routes, _crossings(columns, right), initial)


def count_crossings(segments: Iterable[Segment]) -> int:
    """Count crossings of straight segments between two columns, given (left position, right position) of each."""
    seen: list[int] = []
    crossings = 0
    for _, target in sorted(segments):
        crossings += len(seen) - bisect_right(seen, target)
        insort(seen, target)
    return crossings


# --- columns ---------------------------------------------------------------------------------------------------------


def _columns_of(names: Sequence[str], pairs: Sequence[Pair], layer_of: Mapping[str, int | None]) -> dict[str, int]:
    layer = _complete_layers(names, pairs, layer_of)
    column: dict[str, int] = {}
    offset = 0
    for index in sorted(set(layer.values())):
        members = [name for name in names if layer[name] == index]
        inner = _acyclic([pair for pair in pairs if layer[pair[0]] == layer[pair[1]] == index])
        depth = _pulled_right(_longest_path(members, inner), inner, pairs)
        column |= {name: offset + depth[name] for name in members}
        offset += 1 + max(depth.values())
    return column


def _complete_layers(names: Sequence[str], pairs: Sequence[Pair], layer_of: Mapping[str, int | None]) -> dict[str, int]:
    """Give untiered nodes the latest layer among their tiered causes, else the earliest among their tiered effects."""
    known = {name: index for name in names if (index := layer_of.get(name)) is not None}
    first = min(known.values(), default=0)
    layer = dict(known)
    for name in names:
        if name not in known:
            causes = [known[source] for source, target in pairs if target == name and source in known]
            effects = [known[target] for source, target in pairs if source == name and target in known]
            layer[name] = max(causes) if causes else min(effects, default=first)
    return layer


def _acyclic(pairs: Sequence[Pair]) -> list[Pair]:
    """Keep pairs in order as long as they close no cycle."""
    kept: list[Pair] = []
    below: dict[str, set[str]] = {}
    for source, target in pairs:
        if source in below.get(target, ()):
            continue
        kept.append((source, target))
        reached = {target} | below.get(target, set())
        for node in [source, *(name for name, under in below.items() if source in under)]:
            below.setdefault(node, set()).update(reached)
    return kept


def _longest_path(members: Sequence[str], pairs: Sequence[Pair]) -> dict[str, int]:
    depth = dict.fromkeys(members, 0)
    for _ in members:
        moved = [(source, target) for source, target in pairs if depth[target] <= depth[source]]
        if not moved:
            break
        for source, target in moved:
            depth[target] = max(depth[target], depth[source] + 1)
    return depth


def _pulled_right(depth: dict[str, int], inner: Sequence[Pair], pairs: Sequence[Pair]) -> dict[str, int]:
    """Move nodes with more effects than causes next to their first effect: shorter edges, even columns."""
    pulled = dict(depth)
    for name in sorted(depth, key=lambda key: (-depth[key], key)):
        effects = [pulled[target] for source, target in inner if source == name]
        weight = sum((source == name) - (target == name) for source, target in pairs)
        if effects and weight > 0:
            pulled[name] = max(pulled[name], min(effects) - 1)
    return pulled


# --- dummies and links -----------------------------------------------------------------------------------------------


def _with_dummies(column_of: Mapping[str, int], pairs: Sequence[Pair]) -> tuple[Columns, Links]:
    """Return the columns in their first order (by name, dummies last) and the links of every item to the right."""
    columns: Columns = [[] for _ in range(1 + max(column_of.values(), default=-1))]
    for name, column in column_of.items():
        columns[column].append(_Item(name))
    right: Links = {item: [] for column in columns for item in column}
    for source, target in pairs:
        start, end = sorted((source, target), key=column_of.__getitem__)
        dummies = [_dummy((source, target), column) for column in range(column_of[start] + 1, column_of[end])]
        for column, dummy in enumerate(dummies, column_of[start] + 1):
            columns[column].append(dummy)
            right[dummy] = []
        for one, two in pairwise([_Item(start), *dummies, _Item(end)]):
            right[one].append(two)
    return columns, right


def _dummy(pair: Pair, column: int) -> _Item:
    return _Item(str(column), pair)


def _reversed(right: Links, columns: Columns) -> Links:
    left: Links = {item: [] for column in columns for item in column}
    for item, ends in right.items():
        for end in ends:
            left[end].append(item)
    return left


# --- order within columns --------------------------------------------------------------------------------------------


def _crossings(columns: Columns, right: Links) -> int:
    return sum(_crossings_between(one, two, right) for one, two in pairwise(columns))


def _crossings_between(one: Sequence[_Item], two: Sequence[_Item], right: Links) -> int:
    place = {item: index for index, item in enumerate(two)}
    return count_crossings((index, place[end]) for index, item in enumerate(one) for end in right[item])


def _fewer_crossings(columns: Columns, left: Links, right: Links) -> Columns:
    best, fewest = [list(column) for column in columns], _crossings(columns, right)
    current = [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        _barycentre_sweep(current, left if forward else right, forward)
        _transpose(current, left, right)
        crossings = _crossings(current, right)
        if crossings < fewest:
            best, fewest = [list(column) for column in current], crossings
        if not fewest:
            break
    return best


def _barycentre_sweep(columns: Columns, links: Links, forward: bool) -> None:
    """Sort every column by the mean position of its neighbours in the column just passed (stable)."""
    order = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
    for index in order:
        beside = columns[index - 1 if forward else index + 1]
        place = {item: position for position, item in enumerate(beside)}
        own = {item: position for position, item in enumerate(columns[index])}
        columns[index].sort(key=lambda item, place=place, own=own: _mean_place(links[item], place, own[item]))  # type: ignore[misc]


def _mean_place(neighbours: Sequence[_Item], place: Mapping[_Item, int], own: int) -> float:
    return sum(place[item] for item in neighbours) / len(neighbours) if neighbours else float(own)


def _transpose(columns: Columns, left: Links, right: Links) -> None:
    """Swap neighbours as long as a swap removes a crossing."""
    improved = True
    while improved:
        improved = False
        for index, column in enumerate(columns):
            before = {item: place for place, item in enumerate(columns[index - 1])} if index else {}
            after = {item: place for place, item in enumerate(columns[index + 1])} if index + 1 < len(columns) else {}
            for row in range(len(column) - 1):
                one, two = column[row], column[row + 1]
                saved = _saved_by_swap(left[one], left[two], before) + _saved_by_swap(right[one], right[two], after)
                if saved > 0:
                    column[row], column[row + 1] = two, one
                    improved = True


def _saved_by_swap(one: Sequence[_Item], two: Sequence[_Item], place: Mapping[_Item, int]) -> int:
    return sum((place[a] > place[b]) - (place[a] < place[b]) for a in one for b in two)


# --- heights ---------------------------------------------------------------------------------------------------------


def _heights(columns: Columns, left: Links, right: Links) -> dict[_Item, Point]:
    height: dict[_Item, float] = {}
    for column in columns:
        offsets = _offsets(column)
        height |= {item: offset - offsets[-1] / 2 for item, offset in zip(column, offsets, strict=True)}
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = [_wanted_height(item, left[item] + right[item], height) for item in column]
            height |= dict(zip(column, _spread(wanted, _offsets(column)), strict=True))
    top = min(height.values(), default=0.0)
    return {
        item: (float(index), round(height[item] - top, 6)) for index, column in enumerate(columns) for item in column
    }


def _wanted_height(item: _Item, neighbours: Sequence[_Item], height: Mapping[_Item, float]) -> float:
    """Mean height of the neighbours; dummies of one long edge weigh more, so that long edges stay straight."""
    if not neighbours:
        return height[item]
    weights = [4.0 if item.edge is not None and near.edge is not None else 1.0 for near in neighbours]
    return sum(w * height[near] for w, near in zip(weights, neighbours, strict=True)) / sum(weights)


def _offsets(column: Sequence[_Item]) -> list[float]:
    """Smallest height of every item above the first one of its column."""
    offsets = [0.0] * min(1, len(column))
    for one, two in pairwise(column):
        dummies = (one.edge is not None) + (two.edge is not None)
        offsets.append(offsets[-1] + (_NODE_GAP, _MIXED_GAP, _DUMMY_GAP)[dummies])
    return offsets


def _spread(wanted: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """Least-squares heights that keep the order and the minimum distances (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, size = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            last, count = blocks.pop()
            mean, size = (mean * size + last * count) / (size + count), size + count
        blocks.append((mean, size))
    level = [mean for mean, size in blocks for _ in range(size)]
    return [base + offset for base, offset in zip(level, offsets, strict=True)]


def _route(pair: Pair, column_of: Mapping[str, int], points: Mapping[_Item, Point]) -> tuple[Point, ...]:
    source, target = pair
    step = 1 if column_of[source] < column_of[target] else -1
    between = range(column_of[source] + step, column_of[target], step)
    return (points[_Item(source)], *(points[_dummy(pair, column)] for column in between), points[_Item(target)])
