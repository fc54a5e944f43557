"""A small panel with its dictionary in a folder, and the shell face called in process."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causal_service.cli import main

DICTIONARY = """\
panel: {entity: plant, period: month}
layers: [process, business]
indicators:
  cycle: {name: {zh: 交付周期, en: Delivery cycle}, layer: process, unit: days, better: lower, controllable: true}
  training: {name: {zh: 培训时长, en: Training hours}, layer: process, unit: hours, controllable: true}
  on_time: {name: {zh: 准时率, en: On-time rate}, layer: business, unit: "%", better: higher}
  satisfaction: {name: {zh: 满意度, en: Satisfaction}, layer: business, unit: points, better: higher}
"""


def small_panel(plants: int = 14, months: int = 20) -> pd.DataFrame:
    """Return a panel in which cycle moves on-time rate, which moves satisfaction; plant scale moves all of them."""
    rng = np.random.default_rng(7)
    scale = rng.normal(size=(plants, 1))
    noise = rng.normal(size=(4, plants, months))
    cycle = 12 + scale + noise[0]
    training = 6 + 2 * scale + noise[1]
    on_time = 90 - 1.5 * cycle + scale + noise[2]
    satisfaction = 20 + 0.6 * on_time + 2 * scale + noise[3]
    periods = pd.period_range("2022-01", periods=months, freq="M").astype(str)
    index = pd.MultiIndex.from_product([[f"P{i:02d}" for i in range(plants)], periods], names=["plant", "month"])
    values = np.stack([block.ravel() for block in (cycle, training, on_time, satisfaction)], axis=1).round(3)
    return pd.DataFrame(values, index, ["cycle", "training", "on_time", "satisfaction"]).reset_index()


@dataclass(frozen=True)
class Answer:
    """What one call of the shell face gave."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> list[str]:
        """The two lines of an error: what and remedy."""
        return self.err.splitlines()[-2:]


@pytest.fixture
def panel() -> pd.DataFrame:
    """The content of plants.csv."""
    return small_panel()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own working folder with plants.csv and indicators.yaml in it; the machine speaks English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    small_panel().to_csv("plants.csv", index=False)
    Path("indicators.yaml").write_text(DICTIONARY, encoding="utf-8")
    return tmp_path


@pytest.fixture
def shell(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Return ``shell(*words)``: the answer of ``causal-service words`` in that folder."""

    def call(*words: str) -> Answer:
        capsys.readouterr()
        code = main(words)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return call


@pytest.fixture
def refused(shell: Callable[..., Answer], folder: Path) -> Callable[..., list[str]]:
    """Return ``refused(code, *words)``: the refusal, after checking its form and that nothing was written."""

    def call(code: int, *words: str) -> list[str]:
        before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
        answer = shell(*words)
        assert answer.code == code, answer.err
        assert answer.out == ""
        assert "Traceback" not in answer.err
        what, remedy = answer.refusal
        assert re.fullmatch(r"causal-service: .*[.。]", what), answer.err
        assert re.fullmatch(r"  \S.*[.。]", remedy), answer.err
        assert answer.err.count("causal-service: ") == 1
        assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before
        return answer.refusal

    return call
