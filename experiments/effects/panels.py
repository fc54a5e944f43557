"""Simulated panels whose slopes differ by entity, with the truth of every entity, and what a study learns from them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "recovery"))

from own_case import own_case
from settings import SETTINGS
from simulation import draw
from truth import HORIZON, linear_effects
from world import build

import causal_service as cs
from causal_service.inference import Inference, infer
from causal_service.study_choices.question import question_of
from causal_service.study_choices.studied import studied_panel

Array = NDArray[np.float64]


class SlopesPanel:
    """One panel of the scenario ``slopes``: same-month coefficients have a relative SD over entities."""

    def __init__(self, seed: int, *, spread: float = 0.5, entities: int = 60, months: int = 36) -> None:
        settings = replace(SETTINGS["slopes"], slopes=spread, entities=entities, months=months)
        self.case = own_case(settings, seed)
        # The same random numbers once more, for what the case does not keep.
        rng = np.random.default_rng([2026, seed])
        world = build(settings, rng)
        inputs = draw(world, settings, entities, months, rng)
        p = world.layer.size
        scale = np.exp(rng.normal(0, 1.5, p))
        rng.normal(0, 5, p)
        order = rng.permutation(p)
        found = [
            linear_effects([world.now * factor] * (HORIZON + 1), world.lagged, world.outcome)
            for factor in inputs.slopes
        ]
        unit = scale[world.outcome] / scale
        self.sustained: Array = np.stack([(one[1] * unit)[order] for one in found])
        """(N, p) true sustained(3) on the outcome by entity and indicator, outcome unit per indicator unit."""
        self.entities = tuple(f"plant {i + 1:03d}" for i in range(entities))

    @property
    def outcome(self) -> str:
        return self.case.names[self.case.outcome]


def learned_from(panel: SlopesPanel, resamples: int) -> Inference:
    """What a study learns before it is put into words."""
    whole, known, findings = cs.check(panel.case.frame, outcome=panel.outcome, dictionary=panel.case.dictionary)
    question = question_of(whole, known, panel.outcome, (), HORIZON, resamples)
    studied = studied_panel(whole, known, question, findings)
    return infer(studied, known, question, findings, lags=1, method="boss", seed=0, threads=1)
