"""Data with a lever of two states: IHDP, its surface drawn anew, LaLonde with CPS controls, placebo trainees."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENTAL = 1794.34
"""Difference in means of the experiment, dollars of 1978."""
LALONDE_COVARIATES = ("age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75")


@dataclass(frozen=True, eq=False)
class Case:
    """One data set."""

    X: NDArray[np.float64]
    """(n, p) covariates."""
    t: NDArray[np.bool_]
    """(n,) upper state."""
    y: NDArray[np.float64]
    """(n,) outcome."""
    effect: NDArray[np.float64] | None
    """(n,) true effect of every row; ``None`` where only its average over the treated is known."""

    population: tuple[float, float] | None = None
    """Averages (all, treated) over the population, where rows are a sample of one."""

    @property
    def truth(self) -> tuple[float, float]:
        """Average effects on all and on the treated: of the population, else of these very rows."""
        assert self.effect is not None
        return self.population or (float(self.effect.mean()), float(self.effect[self.t].mean()))

    @property
    def wide(self) -> NDArray[np.float64]:
        """(n, q) covariates with squares of quantities and indicators of zero, for linear learners."""
        extra = [c**2 for c in self.X.T if np.unique(c).size > 2]
        extra += [(c == 0).astype(float) for c in self.X.T if np.unique(c).size > 10 and (c == 0).mean() >= 0.1]
        both = np.column_stack([self.X, *extra])
        return (both - both.mean(0)) / both.std(0)


def folder() -> Path:
    """Where the shared data are."""
    return ROOT / os.environ.get("CAUSAL_SHARED_DATA", "../shared/data") / "effects"


def ihdp(replicate: int) -> Case:
    """Replicate 1, 2 or 3 of IHDP."""
    table = pd.read_csv(folder() / "ihdp" / f"ihdp_{replicate}.csv.gz")
    X = table[[f"x{j}" for j in range(1, 26)]].to_numpy(float)
    return Case(
        X, table["treatment"].to_numpy() == 1, table["y_factual"].to_numpy(), (table.mu1 - table.mu0).to_numpy()
    )


def hill(seed: int) -> Case:
    """Response surface B of Hill (2011, JCGS, section 4.1) on the covariates and the lever of IHDP.

    Coefficients 0, .1, .2, .3, .4 with probability .6, .1, .1, .1, .1; mu0 = exp((X + .5) beta), mu1 = X beta - omega,
    omega such that the effect on the treated is 4; noise of variance 1.
    """
    real, rng = ihdp(1), np.random.default_rng([2011, seed])
    X = real.X.copy()
    X[:, 13] -= 1  # coded 1, 2 in these files
    beta = rng.choice([0.0, 0.1, 0.2, 0.3, 0.4], p=[0.6, 0.1, 0.1, 0.1, 0.1], size=X.shape[1])
    mu0, line = np.exp((X + 0.5) @ beta), X @ beta
    mu1 = line - ((line - mu0)[real.t].mean() - 4.0)
    y = np.where(real.t, mu1, mu0) + rng.normal(size=real.t.size)
    return Case(real.X, real.t, y, mu1 - mu0)


def lalonde_table() -> pd.DataFrame:
    """The 185 trainees of the experiment and the 15,992 CPS controls; the experiment's own controls are left out."""
    table = pd.read_csv(folder() / "lalonde_nsw_cps.csv.gz")
    kept = (table["treat"] == 1) | (table["sample"] != "nsw_experiment")
    return table.loc[kept, [*LALONDE_COVARIATES, "treat", "re78"]].reset_index(drop=True)


def lalonde() -> Case:
    """The same as arrays."""
    table = lalonde_table()
    return Case(
        table[list(LALONDE_COVARIATES)].to_numpy(float), table["treat"].to_numpy() == 1, table["re78"].to_numpy(), None
    )


def placebo(seed: int) -> Case:
    """185 CPS controls in the place of the trainees, beside 4,000 others: nobody was trained, every effect is 0.

    They are drawn without replacement by the odds of the trainees' covariates, so that they differ from the others as
    the trainees do. The pool is one and the same, so groups share rows and are not quite independent.
    """
    real, odds = lalonde(), _odds()
    others, rng = np.flatnonzero(~real.t), np.random.default_rng([551, seed])
    chosen = rng.choice(others, 185, replace=False, p=odds / odds.sum())
    rows = np.concatenate([chosen, rng.choice(np.setdiff1d(others, chosen), 4000, replace=False)])
    return Case(real.X[rows], np.arange(rows.size) < 185, real.y[rows], np.zeros(rows.size))


@cache
def _odds() -> NDArray[np.float64]:
    """Return odds of being a trainee for every CPS control, by a logistic regression on covariates alone."""
    from sklearn.linear_model import LogisticRegression

    real = lalonde()
    share = LogisticRegression(C=1.0, max_iter=500).fit(real.wide, real.t).predict_proba(real.wide)[:, 1]
    return np.asarray(share / (1 - share), np.float64)[~real.t]


def simulated(seed: int) -> Case:
    """1,000 fresh rows of a confounded design with effects that differ; 23 % are treated."""
    X, t, effect = _design(np.random.default_rng([2026, seed]), 1000)
    rng = np.random.default_rng([2026, seed, 1])
    y = np.exp(X[:, 0] / 2) + X[:, 1] + 0.5 * X[:, 1] * X[:, 2] + np.where(t, effect, 0.0) + rng.normal(size=t.size)
    return Case(X, t, y, effect, _population())


@cache
def _population() -> tuple[float, float]:
    _, t, effect = _design(np.random.default_rng(2026), 1_000_000)
    return 2.0, float(effect[t].mean())


def _design(rng: np.random.Generator, n: int) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    X = rng.normal(size=(n, 8))
    t = rng.random(n) < 1 / (1 + np.exp(1.7 - X[:, 0] - 0.7 * X[:, 1] + 0.4 * X[:, 2]))
    return X, t, 2 + X[:, 0] + 0.5 * X[:, 3]
