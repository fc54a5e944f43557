"""A study as one self-contained HTML file, and as a small table for notebooks.

No script, no request to anywhere: style and pictures are inline, and the page's own content policy forbids the rest.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from causal_service.explanation.phrases import horizon_words
from causal_service.report.bars import chart_bar, gain_axis, gain_bar, gain_scale, share_bar
from causal_service.report.composition import compose
from causal_service.report.curves import dose_chart
from causal_service.report.document import LeverRow, OutcomeSection, WhatIfPart
from causal_service.report.graph_picture import graph_svg
from causal_service.report.parts import StudyParts
from causal_service.report.path_chart import arrival_columns, path_chart
from causal_service.report.typesetting import typographic_minus
from causal_service.report.words import words

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["notebook_html", "render_html", "report_style"]

_SHOWN_LEVERS = 12
_SHOWN_CHAINS = 3
_NOTEBOOK_ROWS = 5


def render_html(parts: StudyParts, lang: str) -> str:
    """Return the whole report in ``lang`` (``"zh"`` or ``"en"``); the same study gives the same bytes."""
    from markupsafe import Markup

    document = compose(parts, lang)
    return _environment().get_template("report.html.j2").render(
        doc=document,
        w=words(lang),
        graphs={section.key: Markup(graph_svg(parts, lang, outcome=section.key)) for section in document.sections},
        bars={section.key: _bars(section) for section in document.sections},
        dose_chart=lambda picture: Markup(dose_chart(picture)),
        path_chart=lambda part: Markup(path_chart(part, _periods(part, lang))),
        arrival_columns=lambda row: Markup(arrival_columns(row.arrived, row.arrival)),
        shown_levers=_SHOWN_LEVERS,
        shown_chains=_SHOWN_CHAINS,
        share_bar=lambda share: Markup(share_bar(share)),
        chart_bar=lambda row, rows: Markup(
            chart_bar(row.shap_share, max(other.shap_share or 0.0 for other in rows), row.misleading)
        ),
    )  # fmt: skip


def notebook_html(parts: StudyParts, lang: str = "en") -> str:
    """Return the answers and the first levers as a small table for ``_repr_html_``."""
    return (
        _environment()
        .get_template("notebook.html.j2")
        .render(doc=compose(parts, lang), w=words(lang), shown=_NOTEBOOK_ROWS)
    )


def report_style() -> str:
    """Return the text of the one style element of every report, so that a content policy can name it by its hash."""
    return f"\n{_environment().get_template('report.css').render()}"


def _bars(section: OutcomeSection) -> dict[str, object]:
    """Return the axis and one bar per lever, on one scale."""
    from markupsafe import Markup

    scale = gain_scale(section.levers)
    bars = [Markup(gain_bar(row, scale, _bar_title(row))) for row in section.levers]
    return {"axis": Markup(gain_axis(scale)), "rows": bars}


def _periods(part: WhatIfPart, lang: str) -> tuple[str, ...]:
    """Return the labels of the periods after a move: ``same month``, ``1 month``, ``2 months``."""
    said = (horizon_words(t, part.frequency).get(lang) for t in range(len(part.value)))
    return tuple(label.removeprefix("in the ").removeprefix("after ") for label in said)


def _bar_title(row: LeverRow) -> str:
    return f"{row.name}: {row.gain} ({row.interval})"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("causal_service.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_typeset,
    )


def _typeset(value: object) -> object:
    """Set true minus signs in running text; finished markup is left alone."""
    return typographic_minus(value) if type(value) is str else value
