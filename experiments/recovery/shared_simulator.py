"""Door to the shared simulator, where it is present (CAUSAL_SHARED_DATA names the data folder; tools lie beside it)."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from case import LAYERS, Array, Case, dictionary_of, long_table, through_others
from kept import OUT, kept
from shared_average import averaged_truth

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KINDS = ("continuous", "binary", "count")
AVERAGED_BY = ("twins.py", "shared_average.py")
"""Modules that determine the truth averaged over the panel."""


def tools_folder() -> Path | None:
    """The folder with ``panel_simulator.py`` and ``score.py``, or ``None`` where there is none."""
    data = Path(os.environ.get("CAUSAL_SHARED_DATA", "../shared/data"))
    folder = (data if data.is_absolute() else ROOT / data).parent / "tools"
    return folder if (folder / "panel_simulator.py").is_file() else None


@cache
def _modules() -> tuple[Any, Any, str]:
    """(panel_simulator, score, digest of both)."""
    folder = tools_folder()
    if folder is None:
        raise FileNotFoundError(
            "the shared simulator is not here; CAUSAL_SHARED_DATA names the folder beside its tools"
        )
    sys.path.insert(0, str(folder))
    import panel_simulator
    import score

    files = [folder / "panel_simulator.py", folder / "score.py"]
    return panel_simulator, score, hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:16]


def shared_digest() -> str:
    """Digest of the shared simulator's code; empty where it is absent."""
    return _modules()[2] if tools_folder() is not None else ""


def shared_case(scenario: str, seed: int, cut_outcome: bool = False) -> Case:
    """Panel ``seed`` of a shared scenario; ``cut_outcome`` removes every cause from the outcome's equation."""
    stored = _stored(scenario, seed, cut_outcome)
    p, outcome = stored["X"].shape[2], int(stored["out"])
    names = [f"x{j:02d}" for j in range(p)]
    kinds = tuple(KINDS[k] for k in stored["kind"])
    return Case(
        frame=long_table(stored["X"], names),
        dictionary=dictionary_of(names, [LAYERS[k] for k in stored["layer"]], outcome),
        names=tuple(names),
        outcome=outcome,
        now=stored["C"],
        lagged=stored["Lg"][None],
        impact=stored["imp"],
        sustained=stored["hold"],
        cumulative=stored["cum"],
        within_sd=stored["sdw"],
        kinds=kinds,
        through=through_others(stored["C"] | stored["Lg"], kinds, outcome),
        average=None if cut_outcome else _averaged(scenario, seed),
    )


def _stored(scenario: str, seed: int, cut_outcome: bool) -> dict[str, Any]:
    """The simulated panel and its truth; twin simulation of the truth is slow, so both are kept."""
    simulator, score, digest = _modules()
    config = simulator.Cfg(seed=seed, **score.SCENARIOS[scenario])

    def make() -> dict[str, Any]:
        panel = _null_panel(simulator, config) if cut_outcome else simulator.panel(config)
        return {key: value for key, value in panel.items() if key not in ("full", "cu")}

    return kept(OUT / "cases" / digest / f"{scenario}{'_null' if cut_outcome else ''}_{seed}.npz", make)


def _averaged(scenario: str, seed: int) -> Array | None:
    """(3, p) impact, sustained, cumulative averaged over the panel; ``None`` in a linear world, where all are equal."""
    simulator, score, digest = _modules()
    config = simulator.Cfg(seed=seed, **score.SCENARIOS[scenario])
    if not config.binary and config.nonlin == 0:
        return None

    def make() -> dict[str, Any]:
        with _replaced(simulator, truth=lambda model, drawn: averaged_truth(simulator, model, drawn)):
            panel = simulator.panel(config)
        return {"effects": np.stack([panel["imp"], panel["hold"], panel["cum"]])}

    code = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in AVERAGED_BY)).hexdigest()[:16]
    effects: Array = kept(OUT / "truth" / f"{digest}-{code}" / f"{scenario}_{seed}.npz", make)["effects"]
    return effects


def _null_panel(simulator: Any, config: Any) -> dict[str, Any]:
    """A panel whose outcome has no cause but its own past; everything else as drawn. Its truth is zero throughout."""
    made = simulator.make

    def without_causes(drawn: Any) -> dict[str, Any]:
        model: dict[str, Any] = made(drawn)
        out, own = model["out"], model["A1"][model["out"], model["out"]]
        model["A0"][out] = 0.0
        model["A1"][out] = 0.0
        model["A1"][out, out] = own
        return model

    with _replaced(simulator, make=without_causes, truth=lambda model, drawn: (np.zeros(model["p"]),) * 3):
        panel: dict[str, Any] = simulator.panel(config)
    return panel


@contextmanager
def _replaced(module: Any, **parts: Any) -> Iterator[None]:
    """Functions of a module replaced for a while."""
    before = {name: getattr(module, name) for name in parts}
    for name, part in parts.items():
        setattr(module, name, part)
    try:
        yield
    finally:
        for name, part in before.items():
            setattr(module, name, part)
