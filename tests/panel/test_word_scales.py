"""Words that stand for states."""

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.errors import DataError, DictionaryError
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.reading import read_panel
from causal_service.panel.word_scales import declared_scale, known_scale


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["yes", "no"], [1, 0]),
        (["No", "YES"], [0, 1]),
        (["HIGH", "LOW", "NORMAL"], [2, 0, 1]),
        (["high", "low"], [1, 0]),
        (["ZERO", "LOW", "NORMAL", "HIGH"], [0, 1, 2, 3]),
        (["是", "否"], [1, 0]),
        (["中", "高", "低"], [1, 2, 0]),
        (["非常满意", "不满意", "满意"], [2, 0, 1]),
        (["Ｌｏｗ ", "high"], [0, 1]),
    ],
)
def test_states_that_everybody_knows(words: list[str], numbers: list[int]) -> None:
    assert known_scale(words) == dict(zip(words, map(float, numbers), strict=True))


@pytest.mark.parametrize("words", [["north", "south"], ["female", "male"], ["yes"], ["low", "blue"], []])
def test_labels_are_no_states(words: list[str]) -> None:
    assert known_scale(words) is None


def test_declared_levels_count_from_zero_in_their_order() -> None:
    assert declared_scale(["Bronze", "Silver", "Gold"]) == {"bronze": 0.0, "silver": 1.0, "gold": 2.0}


def _survey(rows: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    grade = rng.choice(["Bronze", "Silver", "Gold"], rows)
    return pd.DataFrame(
        {
            "grade": grade,
            "returns": rng.choice(["no", "yes"], rows),
            "region": rng.choice(["north", "south"], rows),
            "spend": rng.normal(size=rows) + (grade == "Gold"),
        }
    )


def _dictionary(levels: object) -> cs.Dictionary:
    return read_dictionary({"indicators": {"grade": {"levels": levels}}})


def test_declared_and_known_states_become_indicators_and_labels_do_not() -> None:
    frame = _survey()
    frame.loc[3, "grade"] = None
    read = read_panel(
        frame, entity=None, period=None, dictionary=_dictionary(["Bronze", "Silver", "Gold"]), weight=None
    )
    assert read.panel.indicators == ("grade", "returns", "spend")
    grade = read.panel.values[:, 0, 0]
    wanted = frame["grade"].map({"Bronze": 0.0, "Silver": 1.0, "Gold": 2.0}).to_numpy()
    np.testing.assert_array_equal(np.sort(grade), np.sort(wanted))
    np.testing.assert_array_equal(np.isnan(grade).sum(), 1)
    said = {finding.code: finding for finding in read.findings}
    assert "grade (Bronze < Silver < Gold)" in said["word-states"].message.en
    assert "returns（no < yes）" in said["word-states"].message.zh
    assert "region" in said["text-columns"].message.en and "levels" in said["text-columns"].remedy.en


def test_a_word_outside_the_declared_levels_is_shown_with_its_row() -> None:
    frame = _survey()
    frame.loc[[4, 9], "grade"] = "Platinum"
    with pytest.raises(DataError, match="none of the levels") as caught:
        read_panel(frame, entity=None, period=None, dictionary=_dictionary(["Bronze", "Silver", "Gold"]), weight=None)
    assert caught.value.code == "unknown-level" and "'Platinum'" in caught.value.what.en
    assert "levels" in caught.value.remedy.en


@pytest.mark.parametrize("levels", ["only", ["a"], ["a", "A"], [1, ""], 3])
def test_levels_that_are_no_order_are_refused(levels: object) -> None:
    with pytest.raises(DictionaryError, match="levels"):
        _dictionary(levels)


def test_levels_may_be_one_text() -> None:
    assert _dictionary("low < middle < top").indicators["grade"].levels == ("low", "middle", "top")


def test_a_panel_of_states_says_how_links_are_drawn() -> None:
    frame = _survey().drop(columns=["region"])
    _, _, findings = cs.check(frame, dictionary=_dictionary(["Bronze", "Silver", "Gold"]), outcome="spend")
    few = next(finding for finding in findings if finding.code == "few-states")
    assert few.severity == "review" and few.indicators == ("grade", "returns")
    _, _, findings = cs.check(frame[["spend"]].assign(a=frame["spend"] ** 2, b=frame["spend"] ** 3), outcome="spend")
    assert all(finding.code != "few-states" for finding in findings)
