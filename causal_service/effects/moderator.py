"""What effects are followed along: an indicator by entity, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.moderation_results import Learner, NoModeration
from causal_service.effects.via_econml import require_econml
from causal_service.errors import CallError, Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.labels import find_indicator
from causal_service.panel.panel import Panel

__all__ = ["SAME", "Moderator", "moderator_of", "require_moderation"]

SAME = 1e-9
"""Share of the largest value up to which numbers are the same."""
_SMALL = 1e-6
"""Share of the spread over all cells up to which means of entities are the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Moderator:
    """What effects are followed along."""

    key: str
    """Indicator key."""
    name: Text
    """Display name."""
    unit: str
    """Its unit."""
    learner: Learner
    """How."""
    level: NDArray[np.float64]
    """(E,) mean of every entity, indicator unit; NaN where it was never measured."""
    same: float
    """Difference between levels that counts as none, indicator unit."""
    steady: bool
    """Whether no entity ever changes in it."""

    def without(self, lever: str, outcome: str, code: str, count: int | None = None) -> NoModeration:
        """Return that nothing is said, without words."""
        return NoModeration(lever, outcome, self.key, self.name, code, count)


def require_moderation(moderator: object, learner: str) -> None:
    """Refuse early what cannot be computed.

    Raises
    ------
    CallError : ``unknown-learner``, ``moderator-not-a-name``. MissingPart : a moderator is named and EconML is not
    installed.
    """
    if learner not in ("linear", "forest"):
        raise CallError(
            "unknown-learner",
            Text(f"没有名为“{learner}”的学习方法。", f"There is no learner {learner!r}."),
            Text("请用 linear 或 forest。", "Use linear or forest."),
            {"learner": learner},
        )
    if moderator is None:
        return
    if not isinstance(moderator, str):
        raise CallError(
            "moderator-not-a-name",
            Text("调节指标必须是一个指标的名称。", "The moderator has to be the name of one indicator."),
            Text("请写一个指标的键或显示名称。", "Give the key or the display name of one indicator."),
            {"moderator": str(moderator)},
        )
    require_econml()


def moderator_of(
    name: str, panel: Panel, dictionary: Dictionary, learner: Learner, findings: Sequence[Finding] = ()
) -> Moderator:
    """Return the indicator that ``name`` stands for, by entity.

    Parameters
    ----------
    panel : as it was read: an indicator that never changes is no part of a study, but may well moderate.
    findings : of the reading; they name the text columns that were set aside.

    Raises
    ------
    CallError : ``moderator-of-text``. UnknownName : no such indicator; the nearest names are offered.
    """
    set_aside = [f.params["columns"] for f in findings if f.code == "text-columns"]
    if any(isinstance(columns, tuple) and name in columns for columns in set_aside):
        raise CallError(
            "moderator-of-text",
            Text(
                f"“{name}”是文字列，没有高低之分，不能作调节指标。",
                f"'{name}' holds text, which has no levels to compare along.",
            ),
            Text(
                "若它把实体分成几组，请用 segment（--segment）；若它有高低顺序，请在词典中用 levels 声明。",
                "Where it groups the entities use segment (--segment); where its words have an order, declare it by "
                "levels in the dictionary.",
            ),
            {"moderator": name},
        )
    key = find_indicator(name, panel.indicators, dictionary, Text("调节指标", "moderator"))
    values = panel.values[:, :, panel.indicators.index(key)]
    seen = ~np.isnan(values)
    count = seen.sum(axis=1)
    level = np.where(count > 0, np.where(seen, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)
    away = np.abs(np.where(seen, values - level[:, None], 0.0)).max(initial=0.0)
    size = np.abs(values[seen]).max(initial=0.0)
    same = max(SAME * size, _SMALL * float(np.std(values[seen])) if seen.any() else 0.0)
    entry = dictionary.indicators.get(key)
    unit = "" if entry is None else entry.unit
    return Moderator(key, dictionary.name(key), unit, learner, level, same, bool(away <= SAME * size))
