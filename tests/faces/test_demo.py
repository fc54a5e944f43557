"""The demo: the bundled panel's levers beside the truth, in both languages, from anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import causal_service as cs
from causal_service.cli.demo import LEAK, bundled_study, comparisons, demo_text, twin_study
from causal_service.data import demo_truth

pytestmark = pytest.mark.slow

NOT_LEVERS = ("training_hours", "customer_visits")


@pytest.fixture(scope="module")
def done() -> cs.Study:
    return bundled_study(resamples=60)


@pytest.fixture(scope="module")
def twin() -> cs.Study:
    return twin_study(resamples=40)


def test_every_lever_stands_beside_its_truth(done):
    rows = comparisons(done)
    exact = {(e["lever"], e["outcome"], e["kind"]): e["value"] for e in demo_truth()["effects"]}
    for row in rows:
        assert row.truth == pytest.approx(row.lever.step * exact[row.lever.lever, "satisfaction", "sustained"])
    assert sum(row.inside for row in rows) >= len(rows) - 2
    assert rows[0].lever.lever == max(rows, key=lambda row: row.truth).lever.lever == "delivery_cycle"


def test_what_correlation_puts_first_is_no_lever(done):
    ranks = {row.lever.lever: row for row in comparisons(done)}
    assert {ranks[name].correlation_rank for name in NOT_LEVERS} == {1, 2}
    for name in NOT_LEVERS:
        assert ranks[name].truth == 0
        assert ranks[name].lever.verdict not in ("act", "test")
    assert ranks["delivery_cycle"].correlation_rank > 5
    assert ranks["delivery_cycle"].lever.verdict == "act"


def test_the_leak_is_found_out(twin):
    lever = next(row for row in twin.levers if row.lever == LEAK)
    contrast = next(row for row in twin.contrast if row.indicator == LEAK)
    assert lever.verdict not in ("act", "test")
    assert contrast.correlation_rank <= 3
    assert contrast.reason == "consequence"


@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh", ("真值", "含真值", "相关性名次", "客诉率")), ("en", ("Truth", "Inside", "By correlation"))],
)
def test_the_text_shows_estimate_truth_and_both_ranks(done, twin, lang, words):
    text = demo_text(done, twin, lang)
    for word in words:
        assert word in text
    assert not re.search(r"[{}]|nan|None", text)
    first = next(line for line in text.splitlines() if re.match(r" +1  ", line))
    assert "+1.09" in first


def test_runs_from_anywhere_and_writes_everything(tmp_path):
    words = [sys.executable, "-m", "causal_service", "demo", "--out", "shown", "--lang", "zh"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    run = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "订单交付周期" in run.stdout
    assert sorted(path.name for path in (tmp_path / "shown").iterdir()) == [
        "effects.csv",
        "graph.svg",
        "levers.csv",
        "report.html",
        "study.json",
    ]
    assert cs.load(tmp_path / "shown" / "study.json").plan.outcome == ("satisfaction",)
    assert 'lang="zh' in (Path(tmp_path) / "shown" / "report.html").read_text(encoding="utf-8")[:200]
