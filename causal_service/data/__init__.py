"""The bundled demo panel: simulated, so that its truth is known exactly."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypedDict

__all__ = [
    "Truth",
    "TruthEdge",
    "TruthEffect",
    "TruthIdentity",
    "demo_dictionary_path",
    "demo_panel_path",
    "demo_truth",
]


class TruthEdge(TypedDict):
    """One arrow of the system that generated the panel."""

    source: str
    """Indicator key of the cause."""
    target: str
    """Indicator key of the effect."""
    lag: int
    """Months between cause and effect."""
    coefficient: float
    """Direct change of the target, in its unit, per unit of the source."""


class TruthEffect(TypedDict):
    """One exact effect."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    kind: Literal["impact", "sustained", "cumulative"]
    """As in :class:`causal_service.effects.results.Effect`."""
    horizon: int
    """Months ahead (0 for impact)."""
    value: float
    """Outcome unit per lever unit."""


class TruthIdentity(TypedDict):
    """One exact sum in the panel."""

    total: str
    """Indicator key of the sum."""
    parts: list[str]
    """Indicator keys of the summands."""


class Truth(TypedDict):
    """What is known about the bundled panel because it was simulated."""

    schema: str
    """``causal-service/truth/1``."""
    edges: list[TruthEdge]
    """Every arrow, sorted by (source, target, lag)."""
    identities: list[TruthIdentity]
    """Every exact sum."""
    effects: list[TruthEffect]
    """Every lever x outcome x kind; an effect that does not exist is 0."""


def _path(name: str) -> Path:
    return Path(str(files("causal_service.data").joinpath("manufacturing", name)))


def demo_panel_path() -> Path:
    """Return the path of the bundled panel: 48 plants x 36 months x 19 indicators, long CSV."""
    return _path("panel.csv")


def demo_dictionary_path() -> Path:
    """Return the path of the bundled panel's dictionary (YAML, zh and en)."""
    return _path("dictionary.yaml")


def demo_truth() -> Truth:
    """Return the exact edges and effects behind the bundled panel."""
    truth: Truth = json.loads(_path("truth.json").read_text(encoding="utf-8"))
    return truth
