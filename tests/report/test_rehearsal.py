"""The section on trust: figures beside what was stated, in one language; absent without a rehearsal."""

from __future__ import annotations

import pytest

from causal_service.report.composition import compose
from causal_service.report.html import render_html
from causal_service.report.words import words


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hits_coverage_widening_and_claims_are_shown(sample, lang):
    part = compose(sample.rehearsed_study(), lang).sections[0].rehearsal
    values = [fact.value for fact in part.facts]
    assert values[:4] == ["85%", "90%", "86% ± 3%", "× 1.38"]
    assert "0.28" in values[4]
    assert values[5] == "1"
    page = render_html(sample.rehearsed_study(), lang)
    assert words(lang)["rehearsal"] in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_a_rehearsal_there_is_no_section(study, lang):
    assert compose(study, lang).sections[0].rehearsal is None
    assert words(lang)["rehearsal"] not in render_html(study, lang)
