"""Draw docs/picture.svg from a study of the bundled panel: both rankings, estimate beside truth, and the graph.

Run ``python docs/make_picture.py`` after a change that moves the figures.
"""

from __future__ import annotations

from pathlib import Path

from causal_service.cli.demo import Comparison, bundled_study, comparisons
from causal_service.report.bars import Scale, rank_chart
from causal_service.report.composition import compose
from causal_service.report.document import OutcomeSection
from causal_service.report.graph_picture import graph_svg
from causal_service.report.svg import FONT_FAMILY, INK, MUTED, NEGATIVE, POSITIVE, element, plain
from causal_service.study_record import Study

PICTURE = Path(__file__).with_name("picture.svg")
WIDTH, MARGIN, ROW = 1404.0, 24.0, 26.0
RANKS_TOP, GAINS_LEFT, NAMES = 80.0, 720.0, 240.0
BAR_LEFT, BAR_WIDTH = GAINS_LEFT + NAMES + 12, 380.0


def text(
    words: str, x: float, y: float, size: float = 13.0, *, anchor: str = "start", fill: str = INK, weight: int = 400
) -> str:
    """Return one line of text."""
    style = {"font-size": size, "text-anchor": anchor, "fill": fill, "font-weight": weight}
    return element("text", {"x": x, "y": y, **style}, [plain(words)])


def nested(svg: str, x: float, y: float) -> str:
    """Return a finished SVG, placed inside another."""
    return svg.replace("<svg ", f'<svg x="{x:g}" y="{y:g}" ', 1)


def gains(section: OutcomeSection, rows: tuple[Comparison, ...]) -> list[str]:
    """Draw one interval per lever, its mean as a dot, the truth as a tick."""
    reach = Scale(min(row.lever.gain_low for row in rows), max(row.lever.gain_high for row in rows))

    def at(value: float) -> float:
        return BAR_LEFT + BAR_WIDTH * (value - reach.low) / (reach.high - reach.low)

    title = f"Gain in {section.unit} from one step, {section.when}"
    key = "dot: estimate; bar: 95 % interval; upright stroke: truth"
    bottom = RANKS_TOP + 34 + ROW * len(rows)
    shapes = [
        text(title, GAINS_LEFT, RANKS_TOP + 14, fill="#5b6773", weight=600),
        text(key, BAR_LEFT + BAR_WIDTH, RANKS_TOP + 14, 11.5, anchor="end", fill="#5b6773"),
        element("path", {"d": f"M{at(0):.1f} {RANKS_TOP + 30:g}V{bottom:g}", "stroke": MUTED}),
    ]
    for place, (row, shown) in enumerate(zip(rows, section.levers, strict=True)):
        lever, middle = row.lever, RANKS_TOP + 34 + ROW * (place + 0.4)
        colour = POSITIVE if lever.verdict == "act" else MUTED
        low, width = at(lever.gain_low), at(lever.gain_high) - at(lever.gain_low)
        bar = {"x": low, "y": middle - 4, "width": width, "height": 8.0, "rx": 4, "fill": colour, "opacity": 0.35}
        stroke = f"M{at(row.truth):.1f} {middle - 9:.1f}V{middle + 9:.1f}"
        shapes += [
            text(f"{shown.name} {shown.step}", GAINS_LEFT + NAMES, middle + 4.5, 12.0, anchor="end"),
            element("rect", bar),
            element("circle", {"cx": at(lever.gain_per_step), "cy": middle, "r": 4.6, "fill": colour}),
            element("path", {"d": stroke, "stroke": NEGATIVE, "stroke-width": 2.4}),
        ]
    return shapes


def picture(study: Study) -> str:
    """Return the whole picture as one SVG with a white ground."""
    (section,) = compose(study, "en").sections
    rows = comparisons(study)
    graph_top = RANKS_TOP + 34 + ROW * len(rows) + 50
    graph = graph_svg(study, "en", outcome=section.key)
    height = graph_top + float(graph.split('height="', 1)[1].split('"', 1)[0]) + MARGIN
    ground = {"width": WIDTH, "height": height, "fill": "#ffffff"}
    headline = f"What improves {section.name}? Correlation says one thing, the causal ranking another."
    return element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH:g} {height:g}", "font-family": FONT_FAMILY},
        [
            element("rect", ground),
            text(headline, MARGIN, 40, 20.0, weight=600),
            nested(rank_chart(section.contrast, "By correlation", "By effect"), MARGIN, RANKS_TOP),
            *gains(section, rows),
            nested(graph, 0, graph_top),
        ],
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(bundled_study()) + "\n", encoding="utf-8")
