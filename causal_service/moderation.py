"""The verb ``moderation``: how a lever's same-period effect changes along another indicator, through EconML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from causal_service.effects.estimate import effect_unit
from causal_service.effects.unrolled import label_of
from causal_service.effects.via_econml import Learner, moderated
from causal_service.errors import DataError, Text
from causal_service.inference import infer
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.labels import find_indicator
from causal_service.pipeline import check
from causal_service.study_choices.question import question_of
from causal_service.study_choices.studied import chosen_lag_order, refuse_if_stopped, studied_panel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ModeratedEffect", "Moderation", "moderation"]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
RESAMPLES = 20


@dataclass(frozen=True, slots=True)
class ModeratedEffect:
    """The effect at one level of the moderator."""

    quantile: float
    """Quantile of the moderator over entities, 0..1."""
    level: float
    """Its value, in the moderator's unit."""
    value: float
    """Same-period effect, outcome unit per lever unit."""
    low: float
    """Lower end of its 95 % interval, same unit."""
    high: float
    """Upper end, same unit."""


@dataclass(frozen=True, slots=True)
class Moderation:
    """How the same-period effect of a lever changes along a moderator."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    moderator: str
    """Indicator key; its entity means count."""
    learner: Learner
    """``linear`` or ``forest``."""
    unit: str
    """Unit of the effects."""
    adjustment: tuple[str, ...]
    """What was held equal; lagged indicators are written ``name[t-1]``."""
    effects: tuple[ModeratedEffect, ...]
    """From low to high levels of the moderator."""

    def __str__(self) -> str:
        low, high = self.effects[0], self.effects[-1]
        return (
            f"{self.lever} on {self.outcome}: {low.value:.3g} [{low.low:.3g}, {low.high:.3g}] {self.unit} where "
            f"{self.moderator} is {low.level:.3g}, {high.value:.3g} [{high.low:.3g}, {high.high:.3g}] where it is "
            f"{high.level:.3g}"
        )


def moderation(
    panel: str | Path | pd.DataFrame,
    *,
    lever: str,
    outcome: str,
    moderator: str,
    learner: Learner = "linear",
    dictionary: str | Path | Dictionary | None = None,
    entity: str | None = None,
    period: str | None = None,
    seed: int = 0,
) -> Moderation:
    """Return how the same-period effect of a lever changes along the entity means of another indicator.

    What is held equal are the causes of the lever in the learned graph. The graph is taken as given: unlike the effects
    of a study, these intervals do not hold its uncertainty.

    Parameters
    ----------
    panel, dictionary, entity, period, seed : as ``study``.
    lever, outcome, moderator : key or display name.
    learner : ``linear`` (LinearDML, quick) or ``forest`` (CausalForestDML, any shape, some seconds).

    Raises
    ------
    MissingPart : EconML is not installed (``pip install causal-service[heterogeneity]``).
    CallError : an unknown name; DataError : ``no-moderation`` (rows not in memory, or a moderator that never varies).
    """
    whole, known, findings = check(panel, outcome=outcome, dictionary=dictionary, entity=entity, period=period)
    refuse_if_stopped(findings)
    question = question_of(whole, known, outcome, lever, 0, RESAMPLES)
    studied = studied_panel(whole, known, question, findings)
    along = find_indicator(moderator, whole.indicators, known, Text("调节指标", "moderator"))
    lags = chosen_lag_order(studied, known, 1)[0]
    learned = infer(studied, known, question, findings, lags=lags, method="boss", seed=seed, threads=1)
    within, prepared = learned.within, learned.prepared
    if within is None:
        raise _none("面板不在内存中", "the panel is not in memory")
    names, p = list(prepared.names), len(prepared.names)
    level = np.nanmean(whole.values[:, :, whole.indicators.index(along)], axis=1)
    x = level[within.rows.entity]
    used = np.isfinite(x)
    spread = float(np.std(x[used])) if used.any() else 0.0
    if spread <= 1e-9 * max(float(np.abs(x[used]).max(initial=0.0)), 1e-300):
        raise _none(f"“{along}”在实体之间没有差别", f"'{along}' does not differ between entities")
    rows = within.filled @ prepared.expand.T
    (outcome_key,), lever_key = question.outcomes, question.levers[0]
    j, y = names.index(lever_key), names.index(outcome_key)
    parents = np.flatnonzero(learned.discovery.full.members[0][j])
    at = np.quantile(level[np.isfinite(level)], QUANTILES)
    found = moderated(
        rows[used, lags * p + y],
        rows[used, lags * p + j],
        (x[used] - x[used].mean()) / spread,
        rows[used][:, parents],
        within.rows.entity[used],
        (at - x[used].mean()) / spread,
        learner,
        seed,
    )
    unit = float(prepared.unit_sd[y] / prepared.unit_sd[j])
    units = {key: entry.unit for key, entry in learned.indicators.items()}
    return Moderation(
        lever_key,
        outcome_key,
        along,
        learner,
        effect_unit(units.get(outcome_key, ""), units.get(lever_key, "")),
        tuple(label_of(names[c % p], lags - c // p) for c in parents.tolist()),
        tuple(
            ModeratedEffect(q, float(level), float(v * unit), float(a * unit), float(b * unit))
            for q, level, v, a, b in zip(QUANTILES, at, *found, strict=True)
        ),
    )


def _none(zh: str, en: str) -> DataError:
    return DataError(
        "no-moderation",
        Text(f"{zh}，无法分析效应沿它的变化。", f"Nothing can be said along the moderator: {en}."),
        Text(
            "请换一个在实体之间有差别的指标，并把面板读入内存。",
            "Name an indicator that differs between entities, and read the panel into memory.",
        ),
    )
