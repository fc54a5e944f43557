"""EconML's ``CausalAnalysis``: one double machine learning fit per lever, all other indicators as controls."""

from __future__ import annotations

import time
import warnings

import numpy as np
from answers import Answer, in_units
from given import Given


def causal_analysis(data: Given, within: bool, last_period: bool) -> Answer:
    """Average effect of every lever on the outcome, linear nuisances; read as the effect of every kind.

    ``last_period``: all indicators one period earlier are controls as well (within entities only).
    """
    from econml.solutions.causal_analysis import CausalAnalysis

    start = time.process_time()
    p, y = data.within.shape[2], data.outcome
    rows = data.now_and_before if last_period else data.filled.reshape(-1, p) if within else data.pooled
    levers = np.delete(np.arange(p), y)
    analysis = CausalAnalysis(
        list(range(p - 1)),
        categorical=[],
        heterogeneity_inds=[[] for _ in levers],
        nuisance_models="linear",
        random_state=0,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        analysis.fit(np.delete(rows, y, axis=1), rows[:, y])  # it fails on the text columns of a pandas 3 frame
        table = analysis.global_causal_effect(alpha=0.05).loc[[f"x{j}" for j in range(p - 1)]]
    sd = data.within_sd if within or last_period else data.pooled_sd
    said = np.zeros((3, p))
    said[:, levers] = table[["point", "ci_lower", "ci_upper"]].to_numpy().T
    value, low, high = (in_units(row, sd, y) for row in said)
    kinds = ("impact", "sustained", "cumulative")
    return Answer(
        effects=dict.fromkeys(kinds, value),
        intervals=dict.fromkeys(kinds, (low, high)),
        seconds={"fit": time.process_time() - start},
    )
