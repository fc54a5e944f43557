"""Causal graphs in Graphviz DOT, written for drawing and read back without loss.

Read back is the DOT that ``to_dot`` writes, in any line layout: quoted names, attribute lists, one statement per edge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from causal_service.graph.causal_graph import CausalGraph, Edge, Mark
from causal_service.graph.interchange import from_dict, to_dict, unreadable

__all__ = ["from_dot", "to_dot"]

_ENDS: dict[Mark, str] = {
    "-->": "arrowhead=normal",
    "---": "dir=none",
    "o->": "dir=both arrowtail=odot",
    "o-o": "dir=both arrowtail=odot arrowhead=odot",
    "<->": "dir=both",
}
_TOKEN = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[\w.]+)|(?P<sign>->|[\[\]{}=;]))', re.S)

Token = tuple[str, str]
"""(``name`` or ``sign``, text)."""


def to_dot(graph: CausalGraph) -> str:
    """Return the graph as DOT text, left to right, with marks drawn as line ends."""
    lines = ["digraph causes {", "rankdir=LR;", f"certificate={_quoted(json.dumps(to_dict(graph)['certificate']))};"]
    for node in graph.nodes:
        layer = "" if node.layer is None else f" [layer={_quoted(node.layer)}]"
        lines.append(f"{_quoted(node.name)}{layer};")
    lines += [_edge_line(edge) for edge in graph.edges]
    return "\n".join([*lines, "}", ""])


def from_dot(text: str) -> CausalGraph:
    """Return the graph of ``to_dot``; raises ``UnreadableFile``."""
    content: dict[str, Any] = {"nodes": [], "edges": []}
    for statement in _statements(text):
        match [token[1] if token[0] == "sign" else None for token in statement]:
            case [None, "=", None]:
                if statement[0][1] == "certificate":
                    content["certificate"] = _json(statement[2][1])
            case [None, "->", None, *_]:
                ends = {"source": statement[0][1], "target": statement[2][1]}
                content["edges"].append(_edge_values(_attributes(statement[3:])) | ends)
            case [None, *_]:
                content["nodes"].append({"layer": None} | _attributes(statement[1:]) | {"name": statement[0][1]})
            case _:
                raise unreadable(f"'{statement[0][1]}' where a name should stand")
    return from_dict(content)


def _statements(text: str) -> list[list[Token]]:
    """Return the statements between the outer braces, each a list of tokens."""
    tokens = list(_tokens(text))
    if len(tokens) < 4 or tokens[0] != ("name", "digraph") or tokens[2] != ("sign", "{") or tokens[-1] != ("sign", "}"):
        raise unreadable("not a 'digraph name { ... }'")
    statements: list[list[Token]] = [[]]
    for token in tokens[3:-1]:
        if token == ("sign", ";"):
            statements.append([])
        else:
            statements[-1].append(token)
    return [statement for statement in statements if statement]


def _tokens(text: str) -> Iterator[Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            raise unreadable(f"unexpected text at character {position}")
        position = found.end()
        if found["quoted"] is not None:
            yield "name", re.sub(r"\\(.)", r"\1", found["quoted"], flags=re.S)
        elif found["word"] is not None:
            yield "name", found["word"]
        else:
            yield "sign", found["sign"]


def _attributes(tokens: Sequence[Token]) -> dict[str, str]:
    """Return what stands in ``[key=value key=value]``."""
    if not tokens:
        return {}
    inner = tokens[1:-1]
    well_formed = tokens[0] == ("sign", "[") and tokens[-1] == ("sign", "]") and len(inner) % 3 == 0
    if not well_formed or any(token != ("sign", "=") for token in inner[1::3]):
        raise unreadable("an attribute list that is not [key=value ...]")
    return {key[1]: value[1] for key, value in zip(inner[::3], inner[2::3], strict=True)}


def _edge_values(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return the attributes with the numbers as numbers."""
    values: dict[str, Any] = dict(attributes)
    for key, kind in (("lag", int), ("frequency", float), ("strength", float)):
        if key in values:
            try:
                values[key] = kind(values[key])
            except ValueError as error:
                raise unreadable(f"{key} is '{values[key]}'") from error
    return values


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise unreadable(str(error)) from error


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _edge_line(edge: Edge) -> str:
    values = [f"lag={edge.lag}", f"mark={_quoted(edge.mark)}"]
    values += [] if edge.frequency is None else [f"frequency={_quoted(repr(edge.frequency))}"]
    values += [] if edge.strength is None else [f"strength={_quoted(repr(edge.strength))}"]
    return f"{_quoted(edge.source)} -> {_quoted(edge.target)} [{' '.join([*values, _ENDS[edge.mark]])}];"
