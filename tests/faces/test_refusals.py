"""Every wrong call and bad panel: exit code, one line what, one line remedy, nothing on stdout, nothing written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ASK = ("--outcome", "satisfaction", "--resamples", "20", "--out", "result")
KEYS = ("--entity", "plant", "--period", "month")
HEADER = "plant,month,cycle,satisfaction\n"
ROWS = "".join(f"P{i},2024-{t:02d},{i + t % 3},{80 - i * t % 7}\n" for i in range(3) for t in range(1, 6))
DATA, CALL = 1, 2

FILES = {
    "empty": (b"", DATA, ("empty",)),
    "header only": (HEADER.encode(), DATA, ("header", "no rows")),
    "one row": ((HEADER + "P1,2024-01,5,80\n").encode(), DATA, ("single row",)),
    "binary garbage": (np.random.default_rng(1).bytes(4000), DATA, ("panel.csv",)),
    "gzip of nothing": (gzip.compress(b""), DATA, ("empty",)),
    "two columns of one name": ((HEADER.replace("cycle", "satisfaction") + ROWS).encode(), DATA, ("satisfaction",)),
    "infinite value": ((HEADER + ROWS + "P9,2024-01,inf,80\n").encode(), DATA, ("cycle", "line 17")),
    "string in a numeric column": ((HEADER + ROWS + "P9,2024-01,fast,80\n").encode(), DATA, ("fast", "line 17")),
    "entity and period twice": ((HEADER + ROWS + "P1,2024-03,4,80\n").encode(), DATA, ("P1/2024-03", "line")),
    "one entity": (
        (HEADER + "".join(f"A,2024-{t:02d},{t % 4},{t}\n" for t in range(1, 13))).encode(),
        DATA,
        ("usable rows", "trend"),
    ),
}
CALLS = {
    "no verb": ((), ("No verb", "demo")),
    "unknown verb": (("stdy", "plants.csv"), ("stdy", "study")),
    "unknown option": (("study", "plants.csv", "--outcom", "satisfaction"), ("--outcom", "--outcome")),
    "option of another verb": (("check", "plants.csv", "--out", "x"), ("--out",)),
    "option without value": (("study", "plants.csv", "--seed"), ("--seed",)),
    "word too many": (("demo", "plants.csv"), ("plants.csv",)),
    "no panel": (("study", *ASK), ("panel file",)),
    "missing file": (("study", "plant.csv", *KEYS, *ASK), ("plant.csv", "plants.csv")),
    "folder as panel": (("study", ".", *KEYS, *ASK), ("directory",)),
    "missing dictionary": (("study", "plants.csv", "--dictionary", "indicator.yaml", *ASK), ("indicator.yaml",)),
    "unknown entity column": (
        ("study", "plants.csv", "--entity", "plnt", "--period", "month", *ASK),
        ("plnt", "plant"),
    ),
    "unknown weight": (("study", "plants.csv", *KEYS, "--weight", "orders", *ASK), ("orders",)),
    "no outcome": (("study", "plants.csv", "--dictionary", "indicators.yaml"), ("outcome", "on_time, satisfaction")),
    "no outcome, no dictionary": (("study", "plants.csv", *KEYS), ("cycle, on_time, satisfaction",)),
    "unknown outcome": (("study", "plants.csv", *KEYS, "--outcome", "satisfacton"), ("satisfacton", "satisfaction")),
    "unknown lever": (("study", "plants.csv", *KEYS, *ASK, "--lever", "cycel"), ("cycel", "cycle")),
    "lever is outcome": (("study", "plants.csv", *KEYS, *ASK, "--lever", "satisfaction"), ("both",)),
    "unknown method": (("study", "plants.csv", *KEYS, *ASK, "--method", "bos"), ("--method", "bos", "boss")),
    "unknown language": (("study", "plants.csv", *KEYS, *ASK, "--lang", "fr"), ("--lang", "fr", "zh, en")),
    "seed is a word": (("study", "plants.csv", *KEYS, *ASK, "--seed", "lucky"), ("--seed", "lucky", "whole number")),
    "seed is negative": (("study", "plants.csv", *KEYS, *ASK, "--seed", "-1"), ("seed", "-1")),
    "half a lag": (("study", "plants.csv", *KEYS, *ASK, "--lags", "1.5"), ("--lags", "1.5", "auto")),
    "too many lags": (("study", "plants.csv", *KEYS, *ASK, "--lags", "99"), ("lags", "12")),
    "horizon below zero": (("study", "plants.csv", *KEYS, *ASK, "--horizon", "-3"), ("horizon", "-3")),
    "too few resamples": (("study", "plants.csv", *KEYS, *ASK, "--resamples", "5"), ("resamples", "20")),
    "no threads": (("study", "plants.csv", *KEYS, *ASK, "--threads", "0"), ("threads", "0")),
    "out below a file": (("study", "plants.csv", *KEYS, *ASK[:4], "--out", "plants.csv/deep"), ("plants.csv",)),
    "out is a file": (("study", "plants.csv", *KEYS, *ASK[:4], "--out", "plants.csv"), ("plants.csv",)),
    "demo below a file": (("demo", "--out", "plants.csv"), ("plants.csv",)),
    "no stored study": (("report",), ("study",)),
    "missing stored study": (("report", "study.json"), ("study.json",)),
    "unknown format": (("report", "plants.csv", "--format", "pdf"), ("--format", "pdf", "html")),
    "wrong option in check": (("check", "plants.csv", *KEYS, "--resamples", "5"), ("resamples", "20")),
    "wrong lever in check": (("check", "plants.csv", *KEYS, "--lever", "cycel"), ("cycel", "cycle")),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_panel(refused, case):
    content, code, mentions = FILES[case]
    Path("panel.csv").write_bytes(content)
    lines = " ".join(refused(code, "study", "panel.csv", *KEYS, *ASK))
    for word in mentions:
        assert word in lines


@pytest.mark.parametrize("case", CALLS)
def test_wrong_call(refused, case):
    words, mentions = CALLS[case]
    lines = " ".join(refused(CALL, *words))
    for word in mentions:
        assert word in lines


@pytest.mark.parametrize("case", [name for name in CALLS if name not in ("unknown language", "option without value")])
def test_refusals_speak_chinese(refused, case):
    words, _ = CALLS[case]
    for line in refused(CALL, *(words or ("--debugg",)), "--lang", "zh"):
        assert any("\u4e00" <= char <= "\u9fff" for char in line), line


def test_ten_thousand_columns(refused):
    names = ["plant", "month", *(f"x{i}" for i in range(10_000))]
    Path("panel.csv").write_text(",".join(names) + "\n" + "P1,2024-01," + ",".join(["1"] * 10_000) + "\n")
    what, remedy = refused(DATA, "study", "panel.csv", *KEYS, *ASK)
    assert "10,00" in what
    assert "Keep only" in remedy


def test_zero_bytes_named_gz(refused):
    Path("panel.csv.gz").touch()
    assert "empty (0 bytes)" in refused(DATA, "study", "panel.csv.gz", *KEYS, *ASK)[0]


def test_a_missing_file_with_no_name_like_it(refused):
    assert refused(CALL, "study", "zzz", *KEYS, *ASK)[1] == "  Check the path."


def test_dictionary_with_an_unknown_key(refused):
    Path("bad.yaml").write_text("indicators:\n  cycle: {layr: process}\n")
    lines = " ".join(refused(CALL, "study", "plants.csv", "--dictionary", "bad.yaml", *KEYS, *ASK))
    assert "layr" in lines
    assert "layer" in lines


def test_required_arrow_against_the_layers(refused):
    Path("known.yaml").write_text("required:\n- [satisfaction, cycle, 0]\n")
    lines = " ".join(
        refused(CALL, "study", "plants.csv", "--dictionary", "indicators.yaml", "--knowledge", "known.yaml", *ASK)
    )
    for word in ("satisfaction", "cycle", "business", "process"):
        assert word in lines


def test_not_a_study(refused):
    Path("other.json").write_text(json.dumps({"schema": "causal-service/study/9"}))
    for name in ("other.json", "plants.csv"):
        assert "study" in refused(DATA, "report", name)[0]


def test_a_study_of_a_changed_shape_names_the_place(refused):
    Path("study.json").write_text(json.dumps({"schema": "causal-service/study/1", "regime": "panel"}))
    assert "panel" in refused(DATA, "report", "study.json")[0]


def test_a_failed_check_has_its_own_exit_code(shell, panel):
    panel.assign(stuck=panel.groupby("plant").ngroup()).to_csv("plants.csv", index=False)
    answer = shell("check", "plants.csv", *KEYS)
    assert answer.code == DATA
    assert "stuck" in answer.out
    assert answer.out.index("Failed") < answer.out.index("Passed")
    assert "causal-service:" not in answer.err


def test_one_bad_indicator_does_not_stop_the_study(shell, panel):
    panel.assign(stuck=panel.groupby("plant").ngroup()).to_csv("plants.csv", index=False)
    answer = shell("study", "plants.csv", *KEYS, *ASK[:4])
    assert answer.code == 0
    assert "stuck" in answer.out


def test_errors_only_on_stderr_even_with_json(refused):
    Path("panel.csv").write_bytes(b"")
    refused(DATA, "study", "panel.csv", *KEYS, *ASK, "--json")


def test_traceback_only_on_request(shell):
    quiet, loud = shell("study", "no.csv", *ASK), shell("study", "no.csv", *ASK, "--debug")
    assert "Traceback" not in quiet.err
    assert "Traceback" in loud.err
    assert (quiet.code, quiet.refusal) == (loud.code, loud.refusal)


def test_a_defect_is_called_a_defect(shell, monkeypatch):
    from causal_service.cli import verbs

    def broken(options, lang):
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(verbs, "check", broken)
    answer = shell("check", "plants.csv")
    assert answer.code == 3
    assert "Traceback" not in answer.err
    assert answer.refusal[0] == "causal-service: Internal error: ZeroDivisionError: division by zero"
    assert "--debug" in answer.refusal[1]


def test_panel_without_its_keys_is_read_as_a_cross_section(shell, panel):
    one = panel[panel.month == "2022-01"].drop(columns="month")
    pd.concat([one] * 4).assign(noise=np.arange(4 * len(one)) % 7).to_csv("survey.csv", index=False)
    answer = shell("check", "survey.csv", "--json")
    assert json.loads(answer.out)["regime"] == "cross-section"
