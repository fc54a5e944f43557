"""What-if on every face: the same numbers, from the stored study alone, in both languages."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import causal_service as cs

BOUNDS = "unit: days, better: lower, controllable: true"


@pytest.fixture
def study(folder) -> cs.Study:
    text = Path("indicators.yaml").read_text(encoding="utf-8")
    Path("indicators.yaml").write_text(text.replace(BOUNDS, f"{BOUNDS}, bounds: [2, 40]"), encoding="utf-8")
    made = cs.study("plants.csv", dictionary="indicators.yaml", outcome="satisfaction", resamples=40)
    Path("study.json").write_text(made.to_json(), encoding="utf-8")
    return made


def test_a_kept_unit_move_is_the_sustained_effect_also_of_the_stored_study(study):
    for record in (study, cs.load("study.json")):
        for effect in study.effects:
            if effect.kind == "sustained":
                row = next(r for r in record.whatif({effect.lever: 1}).responses if r.indicator == effect.outcome)
                told = (row.value[-1], row.low[-1], row.high[-1])
                size = max(abs(effect.low), abs(effect.high))
                assert told == pytest.approx((effect.value, effect.low, effect.high), abs=1e-9 * size)
                assert row.zero_share <= effect.zero_share


def test_shell_and_python_say_the_same(study, shell):
    printed = shell("whatif", "study.json", "--move", "cycle=-10%@1", "--set", "training=7", "--horizon", "5", "--json")
    assert printed.code == 0
    asked = cs.load("study.json").whatif({"交付周期": "-10%@1", "training": "=7"}, horizon=5)
    assert json.loads(printed.out) == asked.to_dict()
    same = cs.load("study.json").whatif({"cycle": {"percent": -10, "start": 1}, "training": {"to": 7}}, 5)
    assert same == asked


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ("Cutting Delivery cycle by", "95% interval")), ("zh", ("把交付周期缩短", "95%区间"))]
)
def test_the_shell_tells_it_in_words_and_a_table(study, shell, lang, words):
    answer = shell("whatif", "study.json", "--move", "cycle=-10%", "--lang", lang)
    assert answer.code == 0
    assert all(word in answer.out for word in words)
    assert answer.out.count("\n") > 6


def test_results_show_themselves(study):
    found = study.whatif({"cycle": -1, "training": "+1"})
    frame = found.to_frame()
    assert set(frame["period"]) == {0, 1, 2, 3}
    assert set(frame["indicator"]) == {row.indicator for row in found.responses}
    assert "Satisfaction" in found._repr_html_()
    assert str(found).startswith("Cutting Delivery cycle by 1 day")
    row = found.responses[0]
    assert sum(part.value for part in row.contributions) == pytest.approx(row.value[-1], abs=1e-12)
    assert row.level_after == pytest.approx(row.level + row.value[-1])


def test_moves_beyond_the_data_and_the_horizon_are_marked(study):
    found = study.whatif({"cycle": "-70%"}, horizon=9)
    assert [note.code for note in found.notes][:1] == ["beyond-data"]
    assert "beyond-horizon" in {note.code for note in found.notes}
    assert study.whatif({"cycle": -0.5}).notes == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--move", "cycle=-90%"), "beyond its bound of 2"),
        (("--move", "cycle=+1", "--move", "cycle=+2"), "moved twice"),
        (("--move", "cycle=+1@4"), "from period 4 on"),
        (("--move", "cycle=+1@2..1"), "from period 2 to period 1"),
        (("--move", "cicle=+1"), "is not in the panel"),
        (("--move", "cycle=much"), "cannot be read"),
        (("--move", "cycle"), "cannot be read"),
        (("--set", "cycle=5%"), "cannot be read"),
        (("--move", "cycle=+1", "--horizon", "-1"), "horizon"),
        ((), "No move was given"),
    ],
)  # fmt: skip
def test_wrong_moves_are_refused(study, refused, words, said):
    assert said in refused(2, "whatif", "study.json", *words)[0]


@pytest.mark.parametrize(
    "amount",
    [
        float("nan"),
        float("inf"),
        True,
        None,
        "",
        {},
        {"by": 1, "to": 2},
        {"buy": 1},
        {"by": "x"},
        {"by": 1, "last": 0.5},
    ],
)
def test_what_is_no_amount_is_refused(study, amount):
    with pytest.raises(cs.CallError):
        study.whatif({"cycle": amount})


def test_a_study_stored_without_its_system_says_so(study):
    content = study.to_dict()
    del content["system"]
    with pytest.raises(cs.CallError) as refused:
        cs.Study.from_dict(content).whatif({"cycle": 1})
    assert refused.value.code == "no-system"


@pytest.mark.parametrize(
    "words", [("--move", "training=1e300"), ("--set", "training=1e300"), ("--reach", "satisfaction=1e308"),
              ("--move", "training=1e101%"), ("--reach", "satisfaction=-1e101")]
)  # fmt: skip
def test_numbers_too_large_to_calculate_with_are_refused(study, refused, words):
    what, remedy = refused(2, "whatif", "study.json", "--json", *words)[:2]
    assert "too large to calculate with" in what
    assert "1e+100" in remedy
    whole = study.whatif({"training": 1e100}).responses[0]
    assert math.isfinite(whole.high[-1])


# --- the inverse question --------------------------------------------------------------------------------------------


def test_shell_and_python_reach_the_same(study, shell):
    level = next(row.latest for row in study.system.indicators if row.indicator == "satisfaction")
    target = round(level + 1.5, 3)
    printed = shell("whatif", "study.json", "--reach", f"满意度={target}", "--horizon", "2", "--json")
    asked = cs.load("study.json").reach("satisfaction", target, horizon=2)
    assert json.loads(printed.out) == asked.to_dict()
    assert asked.state in {"reachable", "unreachable"}
    cycle = next(row for row in asked.alone if row.lever == "cycle")
    there = study.whatif({"cycle": cycle.change}, horizon=2).responses[0]
    assert there.level_after == pytest.approx(target, abs=1e-6)
    assert len(asked.to_frame()) == len(asked.alone) == 2
    assert "Satisfaction" in asked._repr_html_()
    for lang in ("zh", "en"):
        told = shell("whatif", "study.json", "--reach", f"satisfaction={target}", "--lang", lang)
        assert (told.code, told.err) == (0, "")


def test_a_target_met_out_of_reach_or_without_levers_explains_itself(study):
    met, far, other = study.reach("satisfaction", 0), study.reach("satisfaction", 9e6), study.reach("on_time", 99)
    assert (met.state, met.alone, met.together) == ("met", (), None)
    assert "nothing need move" in met.text.en
    assert far.state == "unreachable"
    assert all(row.reason is not None for row in far.alone)
    assert other.state == "no-lever"
    assert "was not an outcome" in other.text.en


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--reach", "satisfaction"), "cannot be read"),
        (("--reach", "satisfaction=high"), "cannot be read"),
        (("--reach", "satisfaction=5%"), "cannot be read"),
        (("--reach", "satisfied=90"), "is not in the panel"),
        (("--reach", "satisfaction=90", "--move", "cycle=+1"), "cannot be used together"),
    ],
)
def test_wrong_targets_are_refused(study, refused, words, said):
    assert said in refused(2, "whatif", "study.json", *words)[0]


# --- the service -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_service_answers_the_same(study, service, folder):
    client = cs.Client(service.url)
    known = client.submit("plants.csv", dictionary="indicators.yaml", outcome="satisfaction", resamples=40)
    assert client.wait(known).to_json() == study.to_json()
    moves = {"cycle": "-10%@1", "training": 1}
    stored = cs.load("study.json")
    assert client.whatif(known, moves, 5).to_dict() == stored.whatif(moves, 5).to_dict()
    assert client.reach(known, "满意度", 75.5).to_dict() == stored.reach("满意度", 75.5).to_dict()
    for ask in (client.whatif, lambda _, m: study.whatif(m)):
        with pytest.raises(cs.CallError) as refused:
            ask(known, {"cycle": "-90%"})
        assert refused.value.code == "move-against-bounds"


# --- what would have been --------------------------------------------------------------------------------------------


def test_shell_and_python_say_what_would_have_been(study, shell, panel):
    words = ("--panel", "plants.csv", "--entity-name", "P03", "--period-name", "2023-02")
    printed = shell("whatif", "study.json", "--set", "cycle=11", *words, "--kept", "--json")
    asked = cs.load("study.json").counterfactual(
        panel, entity="P03", period="2023年2月", set={"交付周期": 11}, kept=True
    )
    assert json.loads(printed.out) == asked.to_dict()
    assert asked.same_panel
    for lang in ("zh", "en"):
        told = shell("whatif", "study.json", "--move", "cycle=-10%", *words, "--lang", lang)
        assert (told.code, told.err) == (0, "")
        assert "→" in told.out


def test_options_of_a_panel_without_one_are_refused(study, refused):
    assert "belong to --panel" in refused(2, "whatif", "study.json", "--set", "cycle=11", "--entity-name", "P03")[0]
    words = ("whatif", "study.json", "--set", "cycle=11", "--panel", "plants.csv", "--entity-name", "P99")
    assert "no entity 'P99'" in refused(2, *words)[0]
