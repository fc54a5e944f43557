"""A wrong layer forces a wrong arrow: where the data alone settle the direction, the contradiction is said."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.discovery.discover import discover
from causal_service.discovery.layer_check import Contradiction, contradicted_layers
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.preparation.prepared import Prepared, prepare

NAMES = ("demand", "price", "sales", "stock")
NOW = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0.9, -0.9, 0, 0], [0, 0, -0.8, 0.0]])
"""demand -> sales <- price, sales -> stock: every direction is settled by the collider."""


@pytest.fixture(scope="module")
def prepared(simulated) -> Prepared:
    frame = simulated.frame(1, names=NAMES, now=NOW, past=(0.3 * np.eye(4),), entities=30, periods=15)
    return prepare(simulated.panel(frame), Dictionary(), (), 1)


def contradictions(prepared: Prepared, knowledge: Knowledge) -> tuple[Contradiction, ...]:
    found = discover(prepared, knowledge, resamples=30)
    return contradicted_layers(prepared, knowledge, found, seed=0, threads=2)


def test_right_layers_are_not_questioned(prepared):
    assert contradictions(prepared, Knowledge({"demand": 0, "price": 0, "sales": 1, "stock": 2})) == ()


def test_a_consequence_declared_as_a_cause_is_found(prepared):
    """stock is declared before sales; the data say sales -> stock."""
    found = contradictions(prepared, Knowledge({"demand": 0, "price": 0, "stock": 1, "sales": 2}))
    assert ("stock", "sales") in {(c.source, c.target) for c in found}
    assert all(c.share >= 0.8 for c in found)


def test_within_one_layer_nothing_is_forced(prepared):
    assert contradictions(prepared, Knowledge(dict.fromkeys(NAMES, 1))) == ()


def test_an_indicator_without_a_layer_contradicts_no_layer(prepared):
    """Only layers that were declared are questioned, whatever else goes wrong."""
    found = contradictions(prepared, Knowledge({"stock": 1, "sales": 2}))
    assert {(c.source, c.target) for c in found} <= {("stock", "sales")}


def test_a_required_arrow_is_not_questioned(prepared):
    """The caller insists; the contradiction would be with him, not with a layer."""
    knowledge = Knowledge({"demand": 0, "price": 0, "stock": 1, "sales": 2}, (("stock", "sales", 0),))
    assert ("stock", "sales") not in {(c.source, c.target) for c in contradictions(prepared, knowledge)}


def test_what_the_data_cannot_settle_is_not_said(simulated):
    """Two indicators alone, no memory: either direction fits equally well."""
    now = np.array([[0, 0], [0.8, 0.0]])
    frame = simulated.frame(0, names=("first", "second"), now=now, past=(0 * now,), entities=30, periods=12)
    prepared = prepare(simulated.panel(frame), Dictionary(), (), 0)
    assert contradictions(prepared, Knowledge({"second": 0, "first": 1})) == ()
