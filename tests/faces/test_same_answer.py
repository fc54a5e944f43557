"""One question, one answer: shell and Python, file and memory, any number of threads give the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import causal_service as cs

STUDY = ("study", "plants.csv", "--dictionary", "indicators.yaml", "--outcome", "satisfaction", "--resamples", "20")
FILES = ["effects.csv", "graph.svg", "levers.csv", "report.html", "study.json"]


def asked(panel: object = "plants.csv", **options: object) -> cs.Study:
    return cs.study(panel, dictionary="indicators.yaml", outcome="satisfaction", resamples=20, **options)


def test_shell_and_python_give_the_same_study(shell, folder):
    printed = shell(*STUDY, "--json", "--out", "result", "--threads", "2")
    assert printed.code == 0
    stored = (folder / "result" / "study.json").read_bytes()
    assert stored == printed.out.encode()
    assert stored == asked(threads=1).to_json().encode()
    assert sorted(path.name for path in (folder / "result").iterdir()) == FILES


def test_effects_along_a_moderator_are_the_same_in_the_shell(shell, folder):
    pytest.importorskip("econml")
    printed = shell(*STUDY, "--json", "--moderator", "Training hours", "--moderation-learner", "forest")
    assert printed.out == asked(moderator="training", moderation_learner="forest").to_json()
    told = json.loads(printed.out)
    assert (told["plan"]["moderator"], told["moderation"][0]["moderator"]) == ("training", "training")


def test_a_frame_gives_the_same_study_as_its_file(shell, panel):
    assert asked(panel).to_dict() == asked().to_dict()


def test_display_names_and_order_of_columns_change_nothing(folder, panel):
    panel[["satisfaction", "cycle", "month", "training", "plant", "on_time"]].to_csv("shuffled.csv", index=False)
    again = cs.study("shuffled.csv", dictionary="indicators.yaml", outcome="满意度", resamples=20)
    assert again.to_json() == asked().to_json()


def test_a_panel_in_two_files_gives_the_same_study(shell, folder, panel):
    panel[["plant", "month", "cycle", "training"]].to_csv("one.csv", index=False)
    panel[["plant", "month", "on_time", "satisfaction"]].to_csv("two.csv", index=False)
    joined = shell("study", "one.csv", "--dictionary", "indicators.yaml", "two.csv", *STUDY[4:], "--json")
    assert joined.out == asked().to_json()


@pytest.mark.slow
def test_same_bytes_in_other_processes(folder):
    """Hash seeds, threads and the state of the compiled kernels do not show."""
    texts = set()
    for seed, threads in (("0", "1"), ("1", "2"), ("random", "3")):
        run = subprocess.run(
            [sys.executable, "-m", "causal_service", *STUDY, "--json", "--threads", threads],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        texts.add(run.stdout)
    assert texts == {asked().to_json().encode()}


def test_another_seed_gives_another_study(folder):
    assert asked(seed=1).to_json() != asked().to_json()


def test_json_is_all_there_is_on_stdout(shell):
    for words, schema in ((STUDY, "causal-service/study/1"), (("check", *STUDY[1:4]), "causal-service/findings/1")):
        answer = shell(*words, "--json")
        assert answer.code == 0
        assert json.loads(answer.out)["schema"] == schema
        assert answer.out.startswith("{")
        assert answer.out.endswith("}\n")


def test_check_says_what_the_study_says(shell):
    checked = json.loads(shell("check", *STUDY[1:], "--json").out)
    studied = json.loads(shell(*STUDY, "--json").out)
    assert checked["regime"] == studied["regime"]
    assert checked["panel"] == studied["panel"]
    codes = [finding["code"] for finding in checked["findings"]]
    assert codes == [finding["code"] for finding in studied["findings"]][: len(codes)]


def test_no_finding_is_said_twice_and_a_declared_sum_is_no_question(folder, panel):
    total = panel.assign(cycle=panel.cycle.round(2), delay=panel.training.round(2) + panel.cycle.round(2))
    Path("sum.yaml").write_text(
        Path("indicators.yaml").read_text() + "  delay: {layer: process, formula: cycle + training}\n", encoding="utf-8"
    )
    found = cs.study(
        total.assign(training=panel.training.round(2)), dictionary="sum.yaml", outcome="satisfaction", resamples=20
    ).findings
    assert [f.severity for f in found if f.code in ("exact-identity", "identity-resolved")] == ["pass", "pass"]
    assert not [f for k, f in enumerate(found) if f in found[:k]]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_stored_study_gives_the_report_of_the_live_one(shell, folder, lang):
    live = asked()
    live.save(folder / "result", lang)
    printed = shell("report", "result/study.json", "--format", "html", "--lang", lang)
    assert printed.code == 0
    assert printed.out == live.report(lang)
    assert printed.out == (folder / "result" / "report.html").read_text(encoding="utf-8")
    written = shell("report", "result/study.json", "--lang", lang, "--out", "new/page.html")
    assert (written.code, written.out) == (0, "")
    assert Path("new/page.html").read_text(encoding="utf-8") == printed.out


def test_a_study_survives_its_own_dictionary_and_file(folder):
    live = asked()
    again = cs.Study.from_dict(live.to_dict())
    assert again.to_json() == live.to_json()
    assert again == cs.Study.from_dict(json.loads(live.to_json()))
    live.save("result")
    assert cs.load("result/study.json") == again
    assert [lever.verdict for lever in again.levers] == [lever.verdict for lever in live.levers]


def test_numbers_are_finite_and_no_path_or_clock_is_stored(folder):
    text = asked().to_json()
    assert json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in study.json"))
    assert str(folder) not in text
    assert "plants.csv" not in text
