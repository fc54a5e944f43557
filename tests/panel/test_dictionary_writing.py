"""A dictionary survives the way through its own mapping, JSON and YAML."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from causal_service.data import demo_dictionary_path
from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary, Goal, Indicator, Step
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.dictionary_writing import dictionary_mapping

FULL = Dictionary(
    indicators={
        "cycle": Indicator(
            "cycle", Text("交付周期", "Delivery cycle"), "process", "days", "target", 12.5, False, "生产部",
            Text("均值", "mean"), "month", "approval + transit", Step(-1e-5, 0.0), (None, 40.0), "log",
        ),
        "on": Indicator("on", Text("on", "on"), "late", step=Step(2.0)),
    },
    layers=("process", "late"),
    entity="plant",
    period="month",
    required=(("cycle", "on", 1),),
    forbidden=(("on", "cycle", None),),
    goals=(Goal("on", 85.0, "2026Q4", "cycle"), Goal("cycle", 3.0)),
)  # fmt: skip


@pytest.mark.parametrize("known", [FULL, Dictionary(), read_dictionary(demo_dictionary_path())])
@pytest.mark.parametrize("write", [json.dumps, lambda content: yaml.safe_dump(content, allow_unicode=True)])
def test_what_is_written_is_read_again(known: Dictionary, write, tmp_path: Path):
    assert read_dictionary(dictionary_mapping(known)) == known
    (tmp_path / "dictionary").write_text(write(dictionary_mapping(known)), encoding="utf-8")
    assert read_dictionary(tmp_path / "dictionary") == known
