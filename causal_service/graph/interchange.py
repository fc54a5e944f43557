"""Causal graphs in other people's formats, without loss: JSON, networkx, GML, DOT.

Whatever goes out comes back equal: layers that are not set, frequencies that are not known, several lags between the
same two indicators, the certificate, and names in any script with any quotes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast, get_args

from causal_service.errors import Text, UnreadableFile
from causal_service.graph.causal_graph import CausalGraph, Certificate, Edge, Mark, Node

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "from_dict",
    "from_gml",
    "from_json",
    "from_networkx",
    "to_dict",
    "to_gml",
    "to_json",
    "to_networkx",
    "unreadable",
]


def to_dict(graph: CausalGraph) -> dict[str, Any]:
    """Return the graph as plain lists, strings and numbers; what is not known is ``None``."""
    certificate = graph.certificate
    return {
        "nodes": [{"name": node.name, "layer": node.layer} for node in graph.nodes],
        "edges": [
            {
                "source": edge.source,
                "target": edge.target,
                "lag": edge.lag,
                "mark": edge.mark,
                "frequency": edge.frequency,
                "strength": edge.strength,
            }
            for edge in graph.edges
        ],
        "certificate": {
            "tiers": certificate.tiers,
            "required": certificate.required,
            "forbidden": certificate.forbidden,
            "acyclic": certificate.acyclic,
            "violations": list(certificate.violations),
        },
    }


def from_dict(content: Mapping[str, Any]) -> CausalGraph:
    """Return the graph of ``to_dict``; raises ``UnreadableFile`` when something is missing or of the wrong kind."""
    try:
        nodes = tuple(Node(_text(n["name"]), _text_or_none(n.get("layer"))) for n in content["nodes"])
        edges = tuple(_edge(e) for e in content["edges"])
        certificate = _certificate(content["certificate"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(str(error)) from error
    names = {node.name for node in nodes}
    if stray := [n for e in edges for n in (e.source, e.target) if n not in names]:
        raise unreadable(f"edge end '{stray[0]}' is not a node")
    return CausalGraph(
        tuple(sorted(nodes, key=lambda n: n.name)),
        tuple(sorted(edges, key=lambda e: (e.source, e.target, e.lag))),
        certificate,
    )


def to_json(graph: CausalGraph) -> str:
    """Return ``to_dict`` as JSON text, one line, names unescaped."""
    return json.dumps(to_dict(graph), ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> CausalGraph:
    """Return the graph of ``to_json``; raises ``UnreadableFile``."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise unreadable(str(error)) from error
    if not isinstance(content, dict):
        raise unreadable("not a JSON object")
    return from_dict(content)


def to_networkx(graph: CausalGraph) -> nx.MultiDiGraph[str]:
    """Return a fresh networkx ``MultiDiGraph``: nodes carry ``layer``, edges (key = lag) the rest.

    What is not known is left out. An edge without a direction appears once, from its source.
    """
    import networkx as nx

    content = to_dict(graph)
    result: nx.MultiDiGraph[str] = nx.MultiDiGraph(certificate=json.dumps(content["certificate"], ensure_ascii=False))
    for node in content["nodes"]:
        result.add_node(node["name"], **_known(node, "layer"))
    for edge in content["edges"]:
        attributes = _known(edge, "lag", "mark", "frequency", "strength")
        result.add_edge(edge["source"], edge["target"], key=edge["lag"], **attributes)
    return result


def from_networkx(graph: nx.MultiDiGraph[str]) -> CausalGraph:
    """Return the graph of ``to_networkx``; raises ``UnreadableFile`` when ``mark`` or the certificate is missing."""
    certificate = graph.graph.get("certificate")
    if not isinstance(certificate, str):
        raise unreadable("the graph attribute 'certificate' is missing")
    edges = [{**data, "source": source, "target": target} for source, target, data in graph.edges(data=True)]
    nodes = [{**data, "name": name} for name, data in graph.nodes(data=True)]
    try:
        checked = json.loads(certificate)
    except ValueError as error:
        raise unreadable(str(error)) from error
    return from_dict({"nodes": nodes, "edges": edges, "certificate": checked})


def to_gml(graph: CausalGraph) -> str:
    """Return the graph as GML text (ASCII, other characters as numeric entities)."""
    import networkx as nx

    return "\n".join(nx.generate_gml(to_networkx(graph))) + "\n"


def from_gml(text: str) -> CausalGraph:
    """Return the graph of ``to_gml``; raises ``UnreadableFile``."""
    import networkx as nx

    try:
        graph = nx.parse_gml(text)
    except (nx.NetworkXError, ValueError) as error:
        raise unreadable(str(error)) from error
    return from_networkx(cast("nx.MultiDiGraph[str]", graph))


def _known(attributes: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: attributes[key] for key in keys if attributes[key] is not None}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _number_or_none(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _edge(content: Mapping[str, Any]) -> Edge:
    lag, mark = content["lag"], content["mark"]
    if isinstance(lag, bool) or not isinstance(lag, int) or lag < 0:
        raise ValueError(f"lag {lag!r} is not a number of periods")
    if mark not in get_args(Mark):
        raise ValueError(f"unknown edge mark {mark!r}")
    return Edge(
        _text(content["source"]),
        _text(content["target"]),
        lag,
        mark,
        _number_or_none(content.get("frequency")),
        _number_or_none(content.get("strength")),
    )


def _certificate(content: Mapping[str, Any]) -> Certificate:
    for key in ("tiers", "required", "forbidden"):
        if content[key] not in ("kept", "broken", "none"):
            raise ValueError(f"certificate says {key}: {content[key]!r}")
    if not isinstance(content["acyclic"], bool):
        raise TypeError(f"certificate says acyclic: {content['acyclic']!r}")
    violations = tuple(_text(v) for v in content.get("violations", ()))
    return Certificate(content["tiers"], content["required"], content["forbidden"], content["acyclic"], violations)


def unreadable(detail: str) -> UnreadableFile:
    """Return the refusal of a text that is not a causal graph."""
    return UnreadableFile(
        "unreadable-graph",
        Text(f"无法读取因果图：{detail}。", f"This is not a causal graph that can be read: {detail}."),
        Text("请使用由本服务导出的图文件。", "Use a graph that was exported by this service."),
        {"detail": detail},
    )
