"""The scenarios of the recovery study, by name."""

from __future__ import annotations

from dataclasses import dataclass

from case import Case
from shared_simulator import shared_case
from simulator import SETTINGS, own_case


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of panel."""

    name: str
    """Name on the command line and in the tables."""
    source: str
    """``shared`` | ``own``."""
    settings: str
    """Name of the settings within its source."""
    panels: int = 60
    """Panels behind the reported figures."""
    null: bool = False
    """No lever has any effect on the outcome."""
    leak_layer: str | None = None
    """Layer declared for the planted consequence of the outcome, where there is one."""


def make_case(scenario: Scenario, seed: int) -> Case:
    """Simulate panel ``seed``."""
    if scenario.source == "shared":
        return shared_case(scenario.settings, seed, scenario.null)
    return own_case(SETTINGS[scenario.settings], seed, scenario.leak_layer)


SCENARIOS = {
    s.name: s
    for s in [
        *(Scenario(name, "shared", name, 200) for name in ("linear", "base", "nonlinear_heavy", "latent")),
        *(Scenario(name, "shared", name) for name in ("linear_small", "linear_tiny", "small", "tiny")),
        *(Scenario(name, "shared", name) for name in ("skewed", "few", "wide")),
        *(Scenario(f"own_{name}", "own", name) for name in ("linear", "linear_small", "mixed", "mixed_small")),
        *(Scenario(f"own_{name}", "own", name) for name in ("curved", "driver")),
        Scenario("null_correlated", "own", "null_correlated", 200, null=True),
        Scenario("null_confounded", "own", "null_confounded", 200, null=True),
        Scenario("null_driver", "own", "null_driver", 200, null=True),
        Scenario("null_base", "shared", "base", 200, null=True),
        Scenario("null_latent", "shared", "latent", 200, null=True),
        Scenario("leak_right_layer", "own", "leak", 200, leak_layer="aftermath"),
        Scenario("leak_same_layer", "own", "leak", 200, leak_layer="strategic"),
        Scenario("leak_missing_layer", "own", "leak", 200, leak_layer=None),
        Scenario("leak_wrong_layer", "own", "leak", 200, leak_layer="process"),
    ]
}
"""All scenarios, in the order of the tables."""
