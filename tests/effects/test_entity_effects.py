"""Effects by entity follow all that a draw holds, what a hidden driver is misjudged by included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causal_service.discovery.resampling import Draw
from causal_service.effects.entity_effects import EntityDraws, entity_draws
from causal_service.inference import Inference, infer
from causal_service.study_choices.question import question_of
from causal_service.study_choices.studied import studied_panel


@pytest.fixture(scope="module")
def learned(simulated) -> Inference:
    panel, known = simulated.panel(simulated.frame(0, entities=40, periods=12)), simulated.dictionary()
    question = question_of(panel, known, "rating", ("visits",), 3, 20)
    studied = studied_panel(panel, known, question, ())
    return infer(studied, known, question, (), lags=1, method="boss", seed=0, threads=1)


def test_a_link_that_only_a_misjudged_driver_makes_lets_the_outcome_differ_by_entity(learned):
    """visits -> rating is no arrow, but a part of the draw; the inertia of rating, on the way, differs by plant."""
    names = learned.prepared.names
    p, x, y = len(names), names.index("visits"), names.index("rating")
    own = np.hstack([np.eye(p), np.zeros((p, p))])
    extra = np.zeros((p, p))
    extra[y, x] = 0.2
    moved = 0.3 * own
    moved[:, p:] += extra
    draw = Draw(own > 0, own[None] > 0, moved[None], np.arange(p), own < 0, np.ones(p), extra)

    def drawn(one: Draw) -> np.ndarray:
        found = replace(learned.discovery, draws=(one,) * 3)
        out = entity_draws(learned.within, learned.prepared, found, ["visits"], ["rating"], horizon=3, seed=0)
        assert isinstance(out, EntityDraws)
        return out.values[:, :, 0, 0]

    assert (np.ptp(drawn(draw), axis=1) > 0).all()
    assert not drawn(replace(draw, coefficients=0.3 * own[None], misjudged=np.zeros((p, p)))).any()
