"""The door to EconML: how an effect changes along a moderator.

Double machine learning (Chernozhukov et al. 2018, Econometrics Journal 21) and causal forests (Athey, Tibshirani &
Wager 2019, Annals of Statistics 47); nuisances are linear and cross-fitted by entity, so that no entity is in its own
training data. Everything is seeded.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from causal_service.effects.moderation_results import Learner
from causal_service.errors import MissingPart, Text

__all__ = ["Moderated", "moderated", "require_econml"]

Array = NDArray[np.float64]

FOLDS = 5
TREES = 400


class Moderated(NamedTuple):
    """Effects at some values of the moderator, and the residuals behind them."""

    value: Array
    """(k,) effect."""
    low: Array
    """(k,) lower end of EconML's 95 % interval, which takes rows as independent."""
    high: Array
    """(k,) upper end."""
    y: Array
    """(R,) outcome without what the nuisances explain."""
    d: Array
    """(R,) lever without what the nuisances explain."""


def require_econml() -> None:
    """Refuse early what needs EconML.

    Raises
    ------
    MissingPart : EconML is not installed.
    """
    if find_spec("econml") is None:
        raise MissingPart(
            "no-econml",
            Text(
                "没有安装 EconML，无法分析效应沿调节指标的变化。",
                "EconML is not installed, so effects cannot be followed along a moderator.",
            ),
            Text("请安装 causal-service[heterogeneity]。", "Install causal-service[heterogeneity]."),
        )


def moderated(
    y: Array,
    d: Array,
    x: Array,
    held: Array,
    entity: NDArray[np.int64],
    weight: Array,
    at: Array,
    learner: Learner,
    seed: int,
) -> Moderated:
    """Return the effect of d on y at the moderator values ``at``.

    Parameters
    ----------
    y, d : outcome and lever (R,).
    x : moderator (R,), constant within an entity.
    held : what is held equal (R, k).
    entity : (R,) codes, for the folds.
    weight : of the rows (R,).
    learner : ``linear`` (effect is a straight line in x) or ``forest`` (any shape).
    """
    from econml.dml import CausalForestDML, LinearDML
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import GroupKFold

    folds = list(GroupKFold(min(FOLDS, int(np.unique(entity).size))).split(d, groups=entity))
    given: dict[str, Any] = {
        "model_y": LinearRegression(), "model_t": LinearRegression(), "cv": folds, "random_state": seed
    }  # fmt: skip
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model: Any = (
            LinearDML(**given)
            if learner == "linear"
            else CausalForestDML(**given, n_estimators=TREES, min_samples_leaf=20, n_jobs=1)
        )
        model.fit(y, d, X=x[:, None], W=held if held.shape[1] else None, sample_weight=weight, cache_values=True)
        value = model.effect(at[:, None])
        low, high = model.effect_interval(at[:, None], alpha=0.05)
        left = model.residuals_[:2]
    return Moderated(*(np.asarray(one, dtype=np.float64).ravel() for one in (value, low, high, *left)))
