"""CPU time of the analyst's script and of one study for the same questions on the same rows."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from analyst_script import Estimate, estimate, named, pc_graph, refute
from answers import Graph, without_open_ends

import causal_service as cs
from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary, Indicator

LEVERS, REPEATS, ALPHA = 10, 100, 0.05
STUDIES = 3


def rows_of(n: int, seed: int) -> pd.DataFrame:
    """A survey: ten levers and an outcome, a linear system in which every lever moves the outcome by some way."""
    rng = np.random.default_rng([n, seed])
    p = LEVERS + 1
    B = np.tril(rng.uniform(0.3, 0.7, (p, p)) * (rng.random((p, p)) < 0.3), -1)
    B[np.arange(1, p), np.arange(p - 1)] = 0.5
    X = rng.standard_t(8, (n, p)) @ np.linalg.inv(np.eye(p) - B).T
    return pd.DataFrame(X, columns=[f"x{j:02d}" for j in range(LEVERS)] + ["outcome"])


def script_cost(n: int, repeats: int, seed: int = 0) -> dict[str, Any]:
    """CPU seconds by stage of the script (imports excluded), of SHAP apart, and of one study; and their ratio.

    With fewer ``repeats`` than ``REPEATS`` a refuter's time is that of one repeat plus ``REPEATS`` - 1 further ones at
    the pace measured.
    """
    frame = rows_of(n, seed)
    study_cost(rows_of(200, seed))  # compiles
    script(rows_of(1000, seed), 2)  # imports
    theirs = script(frame, repeats)
    stages = [study_cost(frame) for _ in range(STUDIES)]
    same = [stage["learned"] + stage["checks"] for stage in stages]
    ours = [questions + stage["depth"] for questions, stage in zip(same, stages, strict=True)]
    total = sum(theirs.values())
    return {
        "rows": n,
        "levers": LEVERS,
        "repeats_run": repeats,
        "repeats_stated": REPEATS,
        "script_seconds": {stage: round(seconds, 3) for stage, seconds in theirs.items()},
        "script_total": round(total, 2),
        "shap_seconds": round(shap_cost(frame), 3),
        "study_seconds": [round(seconds, 3) for seconds in ours],
        "study_median": round(median(ours), 3),
        "study_stages": {key: round(median(stage[key] for stage in stages), 3) for key in stages[0]},
        "ratio_same_questions": round(total / median(same), 1),
        "ratio_whole_study": round(total / median(ours), 1),
    }


def script(frame: pd.DataFrame, repeats: int) -> dict[str, float]:
    """CPU seconds of PC, of the ten estimates, and of their refuters brought to ``REPEATS`` repeats.

    PC knows that the outcome comes last. It may leave a lever without a way to the outcome: then there is nothing to
    estimate for it, and another one is refuted in its place, so that ten levers are always asked about.
    """
    start = time.process_time()
    last = np.array([1] * LEVERS + [2])
    arrows, open_pairs = pc_graph(frame.to_numpy(), last, ALPHA)
    seconds = {"pc": time.process_time() - start}
    start = time.process_time()
    names = list(frame.columns)
    graph = named(without_open_ends(Graph(arrows, np.zeros_like(arrows), open_pairs)), names)
    said = [estimate(frame, graph, lever, "outcome") for lever in names[:LEVERS]]
    seconds["estimates"] = time.process_time() - start
    for one in _ten([one for one in said if one.model is not None]):
        for name, spent in _refuted(one, repeats).items():
            seconds[name] = seconds.get(name, 0.0) + spent
    return seconds


def _refuted(one: Estimate, repeats: int) -> dict[str, float]:
    spent = refute(one, repeats)
    if repeats >= REPEATS:
        return spent
    first = refute(one, 1)
    return {name: first[name] + (spent[name] - first[name]) * (REPEATS - 1) / (repeats - 1) for name in spent}


def _ten(known: list[Estimate]) -> list[Estimate]:
    if not known:
        raise ValueError("PC's graph leaves no lever a way to the outcome: there is nothing to refute and to time")
    return [known[i % len(known)] for i in range(LEVERS)]


def study_cost(frame: pd.DataFrame) -> dict[str, float]:
    """CPU seconds of one study with its defaults, by stage.

    ``learned``: graph, ten effects with intervals, hidden causes, verdicts; ``explained``: boosted trees and their SHAP
    values, chains and words, timed apart as SHAP is for the script; ``checks``: identification and the attempts to
    break every effect; ``depth``: dose-response and what else the script does not ask.
    """
    indicators = {
        name: Indicator(key=name, name=Text(name, name), better="higher" if name == "outcome" else None)
        for name in frame.columns
    }
    reached: dict[tuple[str, int], float] = {}
    start = time.process_time()
    cs.study(
        frame,
        dictionary=Dictionary(indicators),
        outcome="outcome",
        threads=1,
        progress=lambda stage, done, of: reached.update({(stage, done): time.process_time()}),
    )
    end, explaining, checking, deeper = (
        time.process_time(),
        *(reached[key, 0] for key in ("explain", "checks", "depth")),
    )
    return {
        "learned": explaining - start,
        "explained": checking - explaining,
        "checks": deeper - checking,
        "depth": end - deeper,
    }


def shap_cost(frame: pd.DataFrame) -> float:
    """CPU seconds of boosted trees and their SHAP values."""
    import lightgbm
    import shap

    X, y = frame.drop(columns="outcome"), frame["outcome"]
    start = time.process_time()
    model = lightgbm.LGBMRegressor(n_estimators=300, num_leaves=15, learning_rate=0.05, n_jobs=1, verbose=-1)
    shap.TreeExplainer(model.fit(X, y)).shap_values(X)
    return time.process_time() - start
