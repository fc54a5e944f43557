"""Terminal table and CSV: aligned for wide characters, safe in a spreadsheet, lossless for numbers."""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import replace

import pytest

from causal_service.errors import Text
from causal_service.report.composition import compose
from causal_service.report.tables import effects_csv, lever_table, levers_csv


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_columns_of_the_terminal_table_line_up(study, lang):
    lines = lever_table(compose(study, lang).sections[0], lang).splitlines()
    rule = next(index for index, line in enumerate(lines) if set(line) == {"-", " "})
    starts = [0] + [index + 2 for index in range(len(lines[rule])) if lines[rule][index : index + 2] == "  "]
    verdict = starts[-1]
    for line in lines[rule + 1 : rule + 10]:
        cut = next(index for index in range(len(line)) if width(line[:index]) >= verdict)
        assert width(line[:cut]) == verdict
        assert line[cut - 2 : cut] == "  "
        assert line[cut] != " "


def test_table_of_a_study_without_levers_says_so(sample):
    (section,) = compose(sample.empty_study(), "en").sections
    assert "There is no lever to rank" in lever_table(section, "en")


def test_numbers_survive_in_full(study):
    read = rows(levers_csv(study))
    assert [float(row["gain_per_step"]) for row in read] == [lever.gain_per_step for lever in study.levers]
    assert next(row["lever_zh"] for row in read) == "订单交付周期"
    read = rows(effects_csv(study))
    assert [float(row["value"]) for row in read] == [effect.value for effect in study.effects]


def test_negative_numbers_stay_numbers(study):
    assert float(rows(levers_csv(study))[0]["step"]) == -1.0


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_text_cannot_become_a_formula(study, start):
    names = tuple(replace(entry, name=Text(f"{start}cmd", f"{start}1+1")) for entry in study.indicators)
    for table in (levers_csv, effects_csv):
        row = rows(table(replace(study, indicators=names)))[0]
        assert row["lever_zh"] == f"'{start}cmd"
        assert row["lever_en"] == f"'{start}1+1"


def test_unknown_numbers_are_empty(study):
    levers = tuple(replace(lever, p_top3=float("nan")) for lever in study.levers)
    assert {row["p_top3"] for row in rows(levers_csv(replace(study, levers=levers)))} == {""}


def test_csv_of_nothing_is_a_header(sample):
    assert rows(levers_csv(sample.empty_study())) == []
    assert levers_csv(sample.empty_study()).startswith("rank,lever,outcome")
