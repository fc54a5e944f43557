"""What is said about an effect along a moderator: five levels and a test, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from causal_service.errors import Text

__all__ = ["Learner", "ModeratedEffect", "Moderation", "NoModeration"]

Learner = Literal["linear", "forest"]


@dataclass(frozen=True, slots=True)
class ModeratedEffect:
    """The effect at one level of the moderator."""

    quantile: float
    """Share of the entities that lie below the level, 0..1."""
    level: float
    """Level, moderator unit."""
    value: float
    """Effect, outcome unit per lever unit."""
    low: float
    """Lower end of its 95 % interval, same unit; the learned graph is taken as given."""
    high: float
    """Upper end, same unit."""


@dataclass(frozen=True, slots=True)
class Moderation:
    """How the effect of a lever changes along the entity means of another indicator."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    moderator: str
    """Indicator key."""
    moderator_name: Text
    """Its display name; it need not be among the indicators of the study."""
    moderator_unit: str
    """Its unit."""
    learner: Learner
    """``linear`` a straight line (LinearDML) | ``forest`` any shape (CausalForestDML)."""
    delay: int
    """Periods between lever and outcome: the first at which an effect can arrive."""
    adjustment: tuple[str, ...]
    """What is held equal, as ``name`` or ``name[t-1]`` before the outcome's period; the lever acts at ``t-delay``."""
    entities: int
    """Entities behind it."""
    rows: int
    """Rows behind it."""
    unit: str
    """Unit of the effects."""
    effects: tuple[ModeratedEffect, ...]
    """At five quantiles of the moderator over entities, from low to high."""
    difference: float
    """Effect at the highest of these levels less that at the lowest, same unit."""
    difference_low: float | None
    """Lower end of its 95 % interval; ``None`` for a forest, whose library gives intervals of single levels only."""
    difference_high: float | None
    """Upper end; ``None`` likewise."""
    p: float
    """P-value of the test that the effect is the same along the moderator, against a straight line."""
    q: float
    """Benjamini-Hochberg over the levers of this outcome."""
    differs: bool
    """q <= .05."""
    sentence: Text = Text("", "")
    """The finding in words."""
    caveat: Text = Text("", "")
    """What its intervals leave out."""


@dataclass(frozen=True, slots=True)
class NoModeration:
    """Why nothing is said about a lever along the moderator."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    moderator: str
    """Indicator key."""
    moderator_name: Text
    """Its display name."""
    code: str
    """Kebab-case identifier, for example ``one-entity``."""
    count: int | None = None
    """Number that the reason quotes."""
    reason: Text = Text("", "")
    """Why, in one sentence."""
    what_would_help: Text = Text("", "")
    """What would make an answer possible."""
