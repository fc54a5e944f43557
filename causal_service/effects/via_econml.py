"""The door to EconML: how an effect changes along a moderator.

Double machine learning (Chernozhukov et al. 2018) and causal forests (Athey, Tibshirani & Wager 2019) on rows without
entity and period effects; nuisances are linear and cross-fitted by entity, so that no entity is in its own training
data. Everything is seeded.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from causal_service.errors import MissingPart, Text

__all__ = ["Learner", "Moderated", "moderated"]

Array = NDArray[np.float64]
Learner = Literal["linear", "forest"]

FOLDS = 5
TREES = 400


class Moderated(NamedTuple):
    """Effects at some values of the moderator, with 95 % intervals."""

    value: Array
    low: Array
    high: Array


def moderated(
    y: Array, d: Array, x: Array, w: Array, entity: NDArray[np.int64], at: Array, learner: Learner, seed: int
) -> Moderated:
    """Return the effect of d on y at the moderator values ``at``.

    Parameters
    ----------
    y, d : outcome and lever (R,).
    x : moderator (R,), constant within an entity.
    w : what is held equal (R, k).
    entity : (R,) codes, for the folds.
    learner : ``linear`` (effect is a straight line in x) or ``forest`` (any shape).

    Raises
    ------
    MissingPart : EconML is not installed.
    """
    try:
        from econml.dml import CausalForestDML, LinearDML
        from sklearn.linear_model import LinearRegression
        from sklearn.model_selection import GroupKFold
    except ImportError:
        raise MissingPart(
            "no-econml",
            Text("没有安装 EconML。", "EconML is not installed."),
            Text("请安装 causal-service[heterogeneity]。", "Install causal-service[heterogeneity]."),
        ) from None
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
        model.fit(y, d, X=x[:, None], W=w if w.shape[1] else None)
        value = model.effect(at[:, None])
        low, high = model.effect_interval(at[:, None], alpha=0.05)
    return Moderated(*(np.asarray(one, dtype=np.float64).ravel() for one in (value, low, high)))
