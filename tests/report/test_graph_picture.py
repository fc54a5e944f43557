"""The graph picture shows what it says: width, opacity, colour, direction, lag, inertia; and stands alone."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from causal_service.errors import Text
from causal_service.graph.causal_graph import CausalGraph, Certificate, Edge, Node
from causal_service.report.graph_picture import graph_svg

NS = "{http://www.w3.org/2000/svg}"


def edges_of(svg: str) -> dict[str, ET.Element]:
    """Edge groups by their tooltip."""
    return {g.find(f"{NS}title").text: g for g in ET.fromstring(svg).iter(f"{NS}g") if "edge" in g.get("class", "")}


def edge(svg: str, start: str) -> ET.Element:
    return next(group for title, group in edges_of(svg).items() if title.startswith(start))


def with_edges(study, *edges: Edge):
    names = sorted({name for entry in edges for name in (entry.source, entry.target)})
    layers = {entry.key: entry.layer for entry in study.indicators}
    graph = CausalGraph(
        tuple(Node(name, layers.get(name)) for name in names), edges, Certificate("none", "none", "none", True)
    )
    return replace(study, graph=graph)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_picture_is_a_titled_svg_of_its_own(any_study, lang):
    root = ET.fromstring(graph_svg(any_study, lang))
    assert root.tag == f"{NS}svg"
    assert root.get("role") == "img"
    named = {root.find(f"{NS}title").get("id"), root.find(f"{NS}desc").get("id")}
    assert set(root.get("aria-labelledby").split()) == named
    assert "Noto Sans CJK SC" in root.get("font-family")


def test_picture_is_deterministic(study):
    assert graph_svg(study, "zh", outcome="satisfaction") == graph_svg(study, "zh", outcome="satisfaction")


def test_every_frequent_edge_is_drawn_once_and_rare_ones_are_counted(study):
    svg = graph_svg(study, "en")
    shown = [e for e in study.graph.edges if e.source != e.target and e.frequency >= 0.5]
    assert len(edges_of(svg)) == len(shown)
    assert "2 more edges seen in fewer than 50% of resamples not drawn." in svg
    assert len(edges_of(graph_svg(study, "en", least_frequency=0.0))) == len(shown) + 2


def test_stronger_is_thicker_and_rarer_is_fainter(study):
    strong = Edge("delivery_cycle", "on_time_rate", 0, "-->", 1.0, 0.6)
    weak = Edge("delivery_cycle", "satisfaction", 0, "-->", 0.6, 0.1)
    svg = graph_svg(with_edges(study, strong, weak), "en")
    one, two = edge(svg, "Delivery cycle → On-time"), edge(svg, "Delivery cycle → Customer")
    assert float(one.find(f"{NS}path").get("stroke-width")) > float(two.find(f"{NS}path").get("stroke-width"))
    assert float(one.get("opacity")) > float(two.get("opacity"))


def test_sign_sets_the_colour(study):
    svg = graph_svg(study, "en")
    rising, falling = edge(svg, "On-time delivery rate → Customer"), edge(svg, "Delivery cycle → On-time")
    assert rising.get("stroke") != falling.get("stroke")
    assert "−0.57" in falling.find(f"{NS}title").text


def test_marks_are_told_apart(study):
    pairs = {
        "-->": Edge("order_volume", "satisfaction", 0, "-->", 1.0, 0.3),
        "---": Edge("training_hours", "satisfaction", 0, "---", 1.0, 0.3),
        "o->": Edge("delivery_cycle", "satisfaction", 0, "o->", 1.0, 0.3),
    }
    svg = graph_svg(with_edges(study, *pairs.values()), "en")
    drawn = {"-->": edge(svg, "Order"), "---": edge(svg, "Training"), "o->": edge(svg, "Delivery")}
    heads = {mark: len(group.findall(f"{NS}polygon")) for mark, group in drawn.items()}
    circles = {mark: len(group.findall(f"{NS}circle")) for mark, group in drawn.items()}
    assert heads == {"-->": 1, "---": 0, "o->": 1}
    assert circles == {"-->": 0, "---": 0, "o->": 1}


def test_later_periods_are_dashed_and_said(study):
    svg = graph_svg(study, "zh")
    dashed = [title for title, group in edges_of(svg).items() if group.find(f"{NS}path").get("stroke-dasharray")]
    assert len(dashed) == sum(e.lag > 0 and e.source != e.target for e in study.graph.edges)
    assert all("滞后1期" in title for title in dashed)


def test_own_inertia_is_a_badge_not_an_edge(study):
    svg = graph_svg(study, "en")
    own = sum(e.source == e.target for e in study.graph.edges)
    assert svg.count('class="inertia"') == own
    assert not any(title.startswith("Delivery cycle → Delivery cycle") for title in edges_of(svg))
    assert "own inertia 0.25 (lag 1)" in svg


def test_what_does_not_lead_to_the_outcome_steps_back(study):
    svg = graph_svg(study, "en", outcome="satisfaction")
    aside = {title for title, group in edges_of(svg).items() if "aside" in group.get("class")}
    assert any(title.startswith("Customer satisfaction → Repurchase") for title in aside)
    assert not any(title.startswith("Delivery cycle → On-time") for title in aside)


def test_no_two_nodes_overlap_and_all_lie_inside(study):
    root = ET.fromstring(graph_svg(study, "zh", outcome="satisfaction"))
    width, height = (float(x) for x in root.get("viewBox").split()[2:])
    boxes = [
        tuple(float(g.find(f"{NS}rect").get(k)) for k in ("x", "y", "width", "height"))
        for g in root.iter(f"{NS}g")
        if g.get("class") == "node"
    ]
    assert len(boxes) == 16
    for x, y, w, h in boxes:
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]


def test_long_and_hostile_names_stay_inside_their_box(study):
    name = Text("这是一个非常非常非常长的指标名称" * 3, "<b>&\x00 " + "Verylongindicatornamewithoutspaces" * 3)
    loud = replace(study, indicators=tuple(replace(entry, name=name) for entry in study.indicators))
    for lang in ("zh", "en"):
        svg = graph_svg(loud, lang)
        ET.fromstring(svg)
        labels = re.findall(r"<tspan[^>]*>([^<]*)</tspan>", svg)
        assert max(len(label) for label in labels) < 25
        assert any(label.endswith("…") for label in labels)


def test_feedback_into_an_earlier_layer_is_drawn_backwards(study):
    svg = graph_svg(with_edges(study, Edge("satisfaction", "delivery_cycle", 1, "-->", 1.0, -0.2)), "en")
    numbers = [float(x) for x in re.findall(r"[\d.]+", edge(svg, "Customer").find(f"{NS}path").get("d"))]
    assert numbers[0] > numbers[-2]


def test_a_common_cause_has_two_heads_and_is_no_way_into_the_outcome(study):
    """The common cause of cycle and outcome matters to the reader; what moves the cycle alone steps back."""
    common = Edge("delivery_cycle", "satisfaction", 0, "<->", 0.9, 0.3)
    arrow = Edge("training_hours", "delivery_cycle", 0, "-->", 1.0, -0.4)
    svg = graph_svg(with_edges(study, common, arrow), "en", outcome="satisfaction")
    assert len(edge(svg, "Delivery").findall(f"{NS}polygon")) == 2
    assert edge(svg, "Delivery").get("class") == "edge"
    assert edge(svg, "Training").get("class") == "edge aside"
    assert "two heads: moved by a hidden common cause" in svg
    assert "双箭头：同受一个隐藏因素推动" in graph_svg(with_edges(study, common), "zh")
