"""The experiment's own regression gives the textbook's numbers on the textbook's rows."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

RUN = Path(__file__).resolve().parents[2] / "experiments" / "training_grants" / "run.py"


def test_fixed_effects_equal_the_textbook(shared_data: Callable[[str], Path]):
    """Wooldridge, Introductory Econometrics, example 14.1: -.252 (.151) and -.422 (.210) on 162 rows of 54 firms."""
    spec = importlib.util.spec_from_file_location("training_grants_run", RUN)
    assert spec is not None
    assert spec.loader is not None
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    firms = pd.read_csv(shared_data("panels/jtrain_firms.csv.gz")).dropna(subset=["lscrap"])
    fitted = run.fixed_effects(firms, "lscrap", ["grant", "grant_1"])
    assert (len(firms), firms["fcode"].nunique()) == (162, 54)
    assert fitted["grant"]["value"] == pytest.approx(-0.252, abs=5e-4)
    assert fitted["grant"]["classical_se"] == pytest.approx(0.151, abs=5e-4)
    assert fitted["grant_1"]["value"] == pytest.approx(-0.422, abs=5e-4)
    assert fitted["grant_1"]["classical_se"] == pytest.approx(0.210, abs=5e-4)
