"""The strongest observed common cause: a common cause of lever and outcome, no consequence of the lever."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.discovery.discover import discover
from causal_service.effects.observed_causes import strongest_causes
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.reading import panel_from_frame
from causal_service.preparation.prepared import prepare

NAMES = ("context", "lever", "mediator", "outcome", "weak")
NOW = np.zeros((5, 5))
NOW[1, 0], NOW[3, 0] = 0.8, 0.6  # context moves lever and outcome
NOW[1, 4], NOW[3, 4] = 0.2, 0.2
NOW[2, 1], NOW[3, 2] = 0.7, 0.6


@pytest.fixture(scope="module")
def learned():
    rng = np.random.default_rng(5)
    values = np.zeros((60, 40, 5))
    inverse = np.linalg.inv(np.eye(5) - NOW)
    for t in range(1, 40):
        values[:, t] = (0.3 * values[:, t - 1] + rng.normal(size=(60, 5))) @ inverse.T
    frame = pd.DataFrame(values.reshape(-1, 5), columns=list(NAMES))
    months = [f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(40)]
    frame = frame.assign(plant=np.repeat(np.arange(60), 40), month=np.tile(months, 60))
    panel = panel_from_frame(frame, entity="plant", period="month")
    prepared = prepare(panel, Dictionary({}), (), 1)
    required = [(NAMES[x], NAMES[y], 0) for y, x in np.argwhere(NOW)]
    knowledge = Knowledge.build(NAMES, dict.fromkeys(NAMES), (), required=required, forbidden=[], max_lag=1)
    return prepared, discover(prepared, knowledge, resamples=20, threads=1)


def test_the_strong_common_cause_is_found_with_its_partial_shares(learned):
    cause = strongest_causes(*learned, ["lever"], "outcome")["lever"]
    assert cause.indicator == "context"
    assert cause.lever_share == pytest.approx(0.64 / 1.64, abs=0.04)
    assert 0.05 < cause.outcome_share < 0.5


def test_neither_mediator_nor_the_lever_itself_is_a_measure(learned):
    found = strongest_causes(*learned, ["lever", "mediator", "context"], "outcome")
    assert found["mediator"].indicator in {"context", "weak", "lever"}
    assert found["lever"].indicator not in {"mediator", "lever", "outcome"}
    assert "context" not in found or found["context"].indicator == "weak"
