"""Who answers for a lever with two states: ours, DoubleML and EconML, with their settings."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from binary_data import Case
from numpy.typing import NDArray

Interval = tuple[float, float, float]
"""Value, low, high."""


@dataclass(frozen=True)
class Said:
    """One answer."""

    everyone: Interval | None = None
    treated: Interval | None = None
    by_row: NDArray[np.float64] | None = None


def ours(case: Case, seed: int) -> Said:
    """causal_service's average effect with its defaults."""
    from causal_service.effects.average_effect import averages

    found = averages(case.X, case.t, case.y, seed=seed)
    both = [None if a is None else (a.value, a.low, a.high) for a in (found.everyone, found.treated)]
    return Said(both[0], both[1], found.by_row)


def linear_regression(case: Case, seed: int) -> Said:
    """Outcome on lever and covariates (with squares), HC1."""
    D = np.column_stack([case.t, case.wide, np.ones(case.y.size)])
    bread = np.linalg.pinv(D.T @ D)
    b = bread @ D.T @ case.y
    S = D * (case.y - D @ b)[:, None]
    se = float(np.sqrt((bread @ S.T @ S @ bread)[0, 0] * D.shape[0] / (D.shape[0] - D.shape[1])))
    said = (float(b[0]), float(b[0] - 1.96 * se), float(b[0] + 1.96 * se))
    return Said(said, said, np.full(case.y.size, b[0]))


def _learners(kind: str, strength: float = 0.1) -> tuple[Any, Any]:
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.linear_model import LogisticRegression, RidgeCV

    if kind == "linear":
        return RidgeCV(np.logspace(-2, 4, 13)), LogisticRegression(C=strength, max_iter=500)
    if kind == "forest":
        told = {"n_estimators": 100, "min_samples_leaf": 5, "random_state": 0}
        return RandomForestRegressor(max_features=0.5, **told), RandomForestClassifier(**told)
    told = {"max_iter": 50, "learning_rate": 0.1, "max_leaf_nodes": 8, "random_state": 0}
    return HistGradientBoostingRegressor(**told), HistGradientBoostingClassifier(**told)


def doubleml(kind: str, strength: float = 0.1) -> Callable[[Case, int], Said]:
    """DoubleML IRM, scores ATE and ATTE, 5 folds, 3 repetitions, propensities clipped at .01."""

    def answer(case: Case, seed: int) -> Said:
        import doubleml as dml
        from doubleml.utils import PSProcessorConfig

        outcome, share = _learners(kind, strength)
        data = dml.DoubleMLData.from_arrays(case.wide if kind == "linear" else case.X, case.y, case.t.astype(float))
        said = []
        for score in ("ATE", "ATTE"):
            np.random.seed(seed)  # noqa: NPY002 (DoubleML's splits come from the global generator)
            model = dml.DoubleMLIRM(
                data, outcome, share, n_folds=5, n_rep=3, score=score, ps_processor_config=PSProcessorConfig(0.01)
            )
            model.fit()
            low, high = (float(v) for v in model.confint().iloc[0])
            said.append((float(model.coef[0]), low, high))
        return Said(said[0], said[1])

    return answer


def linear_dr_learner(kind: str) -> Callable[[Case, int], Said]:
    """EconML LinearDRLearner, 5 folds, median of 3 splits, propensities at least .01."""

    def answer(case: Case, seed: int) -> Said:
        from econml.dr import LinearDRLearner

        outcome, share = _learners(kind)
        X = case.wide if kind == "linear" else case.X
        model = LinearDRLearner(
            model_propensity=share, model_regression=outcome, cv=5, mc_iters=3, mc_agg="median", min_propensity=0.01,
            random_state=seed,
        )  # fmt: skip
        model.fit(case.y, case.t.astype(int), X=X)
        return _asked(model, X, case)

    return answer


def dr_learner(case: Case, seed: int) -> Said:
    """EconML DRLearner with boosted final stage; no interval."""
    from econml.dr import DRLearner

    outcome, share = _learners("boosted")
    model = DRLearner(
        model_propensity=share, model_regression=outcome, model_final=_learners("boosted")[0], cv=5, mc_iters=3,
        mc_agg="median", min_propensity=0.01, random_state=seed,
    )  # fmt: skip
    model.fit(case.y, case.t.astype(int), X=case.X)
    rows = np.asarray(model.effect(case.X), float).ravel()
    return Said((float(rows.mean()), np.nan, np.nan), (float(rows[case.t].mean()), np.nan, np.nan), rows)


def causal_forest(case: Case, seed: int) -> Said:
    """EconML CausalForestDML, 500 trees, boosted nuisances, 5 folds; its own doubly robust ATE and ATT."""
    from econml.dml import CausalForestDML

    outcome, share = _learners("boosted")
    model = CausalForestDML(
        model_y=outcome, model_t=share, discrete_treatment=True, n_estimators=500, min_samples_leaf=5, cv=5,
        random_state=seed, n_jobs=1,
    )  # fmt: skip
    model.fit(case.y, case.t.astype(int), X=case.X)
    rows = np.asarray(model.effect(case.X), float).ravel()
    averages = []
    for value, error in ((model.ate_, model.ate_stderr_), (model.att_(T=1), model.att_stderr_(T=1))):
        v, e = float(np.ravel(value)[0]), float(np.ravel(error)[0])
        averages.append((v, v - 1.96 * e, v + 1.96 * e))
    return Said(averages[0], averages[1], rows)


def _asked(model: Any, X: NDArray[np.float64], case: Case) -> Said:
    def average(rows: NDArray[np.float64]) -> Interval:
        low, high = (float(np.ravel(v)[0]) for v in model.ate_interval(rows, T0=0, T1=1, alpha=0.05))
        return float(np.ravel(model.ate(rows, T0=0, T1=1))[0]), low, high

    return Said(average(X), average(X[case.t]), np.asarray(model.effect(X), float).ravel())


CONTENDERS: dict[str, Callable[[Case, int], Said]] = {
    "ours": ours,
    "regression, HC1": linear_regression,
    "DoubleML IRM, linear": doubleml("linear"),
    "DoubleML IRM, linear, C .03": doubleml("linear", 0.03),
    "DoubleML IRM, boosted": doubleml("boosted"),
    "DoubleML IRM, forest": doubleml("forest"),
    "EconML LinearDRLearner, linear": linear_dr_learner("linear"),
    "EconML LinearDRLearner, boosted": linear_dr_learner("boosted"),
    "EconML DRLearner, boosted": dr_learner,
    "EconML CausalForestDML": causal_forest,
}
LINEAR = (
    "ours",
    "regression, HC1",
    "DoubleML IRM, linear",
    "DoubleML IRM, linear, C .03",
    "EconML LinearDRLearner, linear",
)


def answered(name: str, case: Case, seed: int) -> dict[str, Any]:
    """Return one answer as figures: values, intervals, CPU seconds, and errors where the truth is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        said = CONTENDERS[name](case, seed)
        seconds = time.process_time() - start
    record: dict[str, Any] = {"seconds": seconds, "everyone": _known(said.everyone), "treated": _known(said.treated)}
    if case.effect is not None:
        record["truth"] = list(case.truth)
        record["spread"] = float(case.effect.std())
        if said.by_row is not None:
            record["pehe"] = float(np.sqrt(((said.by_row - case.effect) ** 2).mean()))
    return record


def _known(said: Interval | None) -> list[float | None] | None:
    return None if said is None else [float(v) if np.isfinite(v) else None for v in said]
