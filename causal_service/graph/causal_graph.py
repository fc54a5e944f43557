"""A causal graph: nodes in layers, marked and lagged edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CausalGraph", "Certificate", "Edge", "Mark", "Node"]

Mark = Literal["-->", "---", "o->", "o-o", "<->"]


@dataclass(frozen=True, slots=True)
class Node:
    """One indicator in the graph."""

    name: str
    """Indicator key."""
    layer: str | None
    """Layer, or ``None`` when untiered."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge; ``source`` happens ``lag`` periods before ``target``."""

    source: str
    """Indicator key."""
    target: str
    """Indicator key; equal to ``source`` for an indicator's own inertia (lag >= 1)."""
    lag: int
    """Periods between cause and effect."""
    mark: Mark
    """``-->`` directed; ``---`` direction not identified; ``o->``/``o-o``/``<->`` a latent cause is possible."""
    frequency: float | None
    """Share of resamples that contain the edge with this mark; ``None`` when not resampled."""
    strength: float | None
    """Standardised coefficient (within-SD of target per within-SD of source); ``None`` when not estimated."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The re-check of a returned graph against everything that was demanded."""

    tiers: Literal["kept", "broken", "none"]
    """Whether any same-period arrow runs from a later to an earlier layer."""
    required: Literal["kept", "broken", "none"]
    """Whether every required edge is present."""
    forbidden: Literal["kept", "broken", "none"]
    """Whether no forbidden edge is present."""
    acyclic: bool
    """Whether the same-period directed part has no cycle."""
    violations: tuple[str, ...] = ()
    """The offending edges, in words."""


@dataclass(frozen=True, slots=True)
class CausalGraph:
    """Nodes and edges in deterministic order, with the certificate."""

    nodes: tuple[Node, ...]
    """Nodes sorted by name."""
    edges: tuple[Edge, ...]
    """Edges sorted by (source, target, lag)."""
    certificate: Certificate
    """Result of the re-check."""
