"""What-if on every face: the same numbers, from the stored study alone, in both languages."""

from __future__ import annotations

import json
import math
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

import causal_service as cs
from causal_service.effects.moves import Move

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


def test_what_is_no_move_is_refused_in_words(study):
    for moves, said, remedy in (
        (["cycle=-10%"], "'cycle=-10%'", "Move objects"),
        ("cycle=-10%", "'cycle=-10%'", "Move objects"),
        ([Move("cycle", by=1, percent=2)], "'cycle: by=1, percent=2'", "exactly one of"),
        ([Move("cycle")], "'cycle'", "exactly one of"),
    ):
        with pytest.raises(cs.CallError) as refused:
            study.whatif(moves)
        assert refused.value.code == "unreadable-move"
        assert said in refused.value.what.en
        assert remedy in refused.value.remedy.en


def test_a_move_of_nothing_raises_nothing(study):
    found = study.whatif({"cycle": 0})
    assert found.text.en.startswith("Keeping Delivery cycle as it is (")
    assert found.text.zh.startswith("把交付周期保持原样（")


def test_a_lever_on_the_way_of_another_is_said_to_be_held(study):
    found = study.whatif({"cycle": 1, "on_time": 0.5})
    told = {note.code: note.text for note in found.notes}["held-between"]
    assert told.en == "On-time rate is held, so what Delivery cycle does through it does not count."
    assert "Delivery cycle 0" in found.text.en.replace("-0", "0")
    assert "held-between" not in {note.code for note in study.whatif({"cycle": 1, "training": 0.5}).notes}


@pytest.mark.parametrize(("declared", "bound"), [(None, 100), (98, 98)])
def test_levels_that_cannot_be_are_marked(study, panel, declared, bound):
    level = next(r for r in study.system.indicators if r.indicator == "on_time")
    near = replace(level, latest=95.0, highest=97.0, bound_high=declared)
    system = replace(study.system, indicators=tuple(near if r is level else r for r in study.system.indicators))
    changed = replace(study, system=system)
    beyond = [note for note in changed.whatif({"cycle": -6}).notes if note.code == "impossible-level"]
    assert [(note.params["indicator"], note.params["bound"]) for note in beyond] == [("on_time", bound)]
    assert f"above its limit of {bound}%" in beyond[0].text.en
    assert "impossible-level" not in {note.code for note in changed.whatif({"cycle": -1}).notes}
    panel["on_time"] += 28
    past = changed.counterfactual(panel, entity="P03", period="2023-02", set={"cycle": "-8"})
    row = next(row for row in past.instead if row.indicator == "on_time")
    note = next(note for note in past.notes if note.code == "impossible-level")
    assert note.params["level"] == max(row.value) > bound


def test_two_states_cannot_be_left(study):
    row = next(r for r in study.indicators if r.key == "satisfaction")
    level = next(r for r in study.system.indicators if r.indicator == "satisfaction")
    state = replace(level, latest=0.5, lowest=0.0, highest=1.0, mean=0.5)
    system = replace(study.system, indicators=tuple(state if r is level else r for r in study.system.indicators))
    for sd, marked in ((0.5001, True), (0.29, False)):
        entry = replace(row, mean=0.5, sd=sd, unit="")
        changed = replace(study, system=system, indicators=tuple(entry if r is row else r for r in study.indicators))
        codes = [(n.code, n.params["indicator"]) for n in changed.whatif({"cycle": -5}).notes if "level" in n.params]
        assert (("impossible-level", "satisfaction") in codes) is marked


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
        (("--reach", "satisfaction=90", "--panel", "plants.csv", "--entity-name", "P03"), "mean over all entities"),
        (("--reach", "satisfaction=90", "--kept"), "mean over all entities"),
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
    with pytest.raises(cs.CallError) as refused:
        client.reach(known, "satisfaction", 1e308)
    assert refused.value.code == "number-too-large"
    study.save("made")
    for path, name in (
        ("levers?format=csv", "levers.csv"),
        ("effects?format=csv", "effects.csv"),
        ("report?lang=en", "report.html"),
    ):
        with urllib.request.urlopen(f"{service.url}/v1/studies/{known}/{path}") as answer:
            assert answer.read() == (Path("made") / name).read_bytes(), name


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
    assert "--entity-name" in refused(2, *words[:-2])[1]
    assert "belong to --panel" in refused(2, "whatif", "study.json", "--move", "cycle=1", "--dictionary", "x.yaml")[0]


def test_a_panel_that_ends_before_the_horizon_says_so(study, panel):
    last = max(panel["month"])
    short = study.counterfactual(panel, entity="P03", set={"cycle": 11}, kept=True, horizon=5)
    assert short.periods == (last,)
    assert short.notes[0].text.en == f"The panel ends in {last}: nothing after it can be looked at."
    longer = study.counterfactual(panel, entity="P03", period="2023-06", set={"cycle": 11}, horizon=5)
    assert "only 2 of the 5 periods after 2023-06 can be looked at" in longer.notes[0].text.en
    whole = study.counterfactual(panel, entity="P03", period="2023-02", set={"cycle": 11}, kept=True)
    assert "panel-ends" not in {note.code for note in whole.notes}


def test_files_made_from_the_stored_study_are_the_same_bytes(study, shell):
    study.save("made")
    for lang in ("en", "zh"):
        assert study.report(lang) == cs.load("made/study.json").report(lang)
    cs.load("made/study.json").save("again")
    for path in sorted(Path("made").iterdir()):
        assert path.read_bytes() == (Path("again") / path.name).read_bytes(), path.name
