"""One call from a panel to a study: every option resolved, every rule of what is asked, every refusal in time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.errors import KnowledgeConflict, UnknownName, UnreadableFile
from causal_service.panel.dictionary import Step

KEYS = {"entity": "plant", "period": "month"}
LAYERS = {"cycle": "innovation", "ontime": "process", "rating": "business", "visits": "process"}


@pytest.fixture(scope="module")
def frame(simulated) -> pd.DataFrame:
    return simulated.frame(0, entities=25, periods=14)


@pytest.fixture(scope="module")
def known(simulated) -> cs.Dictionary:
    return simulated.dictionary(LAYERS)


def study(frame: pd.DataFrame, **options: Any) -> cs.Study:
    """A study with few draws; ``crossed`` leaves out plant and month."""
    keys = {} if options.pop("crossed", False) else KEYS
    return cs.study(frame, **{"outcome": "rating", "resamples": 20, **keys, **options})


def refused(frame: pd.DataFrame, **options: Any) -> cs.CausalServiceError:
    with pytest.raises(cs.CausalServiceError) as caught:
        study(frame, **options)
    error = caught.value
    assert error.what.zh
    assert error.what.en
    assert error.remedy.zh
    assert error.remedy.en
    assert "\n" not in error.what.en + error.what.zh + error.remedy.en + error.remedy.zh
    return error


def codes(found: cs.Study) -> set[tuple[str, tuple[str, ...]]]:
    return {(f.code, f.indicators) for f in found.findings if f.severity != "pass"}


class TestPlan:
    """Every option of the record says what was really done."""

    def test_defaults_are_written_out(self, frame, known):
        plan = study(frame, dictionary=known).plan
        assert plan.outcome == ("rating",)
        assert plan.levers == ("cycle", "ontime", "visits")
        assert (plan.entity, plan.period, plan.weight) == ("plant", "month", None)
        assert (plan.lags, plan.lags_chosen, plan.horizon, plan.headline) == (1, "given", 3, "sustained")
        assert (plan.resamples, plan.seed, plan.method) == (20, 0, "boss")
        assert plan.penalty in (1.0, 2.0)
        assert plan.layers == known.layers

    def test_given_options_are_kept(self, frame):
        found = study(frame, lever="ontime", lags=2, horizon=5, seed=9, resamples=30)
        plan = found.plan
        assert (plan.levers, plan.lags, plan.horizon, plan.seed, plan.resamples) == (("ontime",), 2, 5, 9, 30)
        assert found.provenance.seed == 9
        assert {e.horizon for e in found.effects} == {0, 5}
        assert {e.lag for e in found.graph.edges} <= {0, 1, 2}

    def test_automatic_lags_say_so(self, frame):
        plan = study(frame, lags="auto").plan
        assert (plan.lags, plan.lags_chosen) == (1, "auto")

    @pytest.mark.parametrize(("lags", "horizon"), [(0, 3), (1, 0)])
    def test_without_lags_or_horizon_the_headline_is_the_same_period(self, frame, lags, horizon):
        found = study(frame, lags=lags, horizon=horizon)
        assert found.plan.headline == "impact"
        assert {lever.kind for lever in found.levers} == {"impact"}
        assert {lever.horizon for lever in found.levers} == {0}

    def test_display_names_are_resolved_to_keys(self, frame, simulated):
        dictionary = simulated.dictionary(LAYERS)
        entry = dictionary.indicators["rating"]
        named = replace(entry, name=replace(entry.name, zh="客户评分", en="Customer rating"))
        dictionary = replace(dictionary, indicators={**dictionary.indicators, "rating": named})
        for outcome in ("rating", "客户评分", "Customer rating"):
            assert study(frame, dictionary=dictionary, outcome=outcome).plan.outcome == ("rating",)

    def test_progress_tells_every_stage_in_order(self, frame):
        told: list[tuple[str, int, int]] = []
        study(frame, progress=lambda *step: told.append(step))
        assert list(dict.fromkeys(stage for stage, _, _ in told)) == [
            "read",
            "prepare",
            "discover",
            "effects",
            "explain",
            "checks",
            "depth",
        ]
        assert [done for stage, done, _ in told if stage == "discover"] == list(range(21))


class TestLevers:
    """Who is looked at when nobody says: the controllable ones, else whatever may precede the outcome."""

    def levers(self, frame: pd.DataFrame, dictionary: cs.Dictionary, outcome: Any = "rating") -> tuple[str, ...]:
        return study(frame, dictionary=dictionary, outcome=outcome).plan.levers

    def test_without_a_dictionary_everything_but_the_outcome(self, frame):
        assert study(frame).plan.levers == ("cycle", "ontime", "visits")

    def test_controllable_ones_only_if_any_is(self, frame, simulated):
        dictionary = simulated.dictionary(LAYERS, cycle={"controllable": True}, ontime={"controllable": False})
        assert self.levers(frame, dictionary) == ("cycle",)

    def test_declared_as_not_controllable_leaves_the_default(self, frame, simulated):
        assert self.levers(frame, simulated.dictionary(LAYERS, cycle={"controllable": False})) == ("ontime", "visits")

    def test_context_and_later_layers_are_no_levers(self, frame, simulated):
        layers = {"cycle": "context", "ontime": "process", "rating": "process", "visits": "business"}
        assert self.levers(frame, simulated.dictionary(layers)) == ("ontime",)

    def test_the_outcomes_own_layer_and_untiered_ones_are(self, frame, simulated):
        dictionary = simulated.dictionary({"cycle": "process", "rating": "process", "visits": "strategic"})
        assert self.levers(frame, dictionary) == ("cycle", "ontime")

    def test_an_outcome_without_a_layer_excludes_context_only(self, frame, simulated):
        dictionary = simulated.dictionary({"cycle": "context", "visits": "strategic"})
        assert self.levers(frame, dictionary) == ("ontime", "visits")

    def test_what_was_asked_for_is_looked_at_whatever_its_layer(self, frame, simulated):
        dictionary = simulated.dictionary({"cycle": "context", "rating": "process", "visits": "strategic"})
        assert study(frame, dictionary=dictionary, lever=("visits", "cycle")).plan.levers == ("cycle", "visits")

    def test_an_asked_lever_that_nobody_can_move_is_never_act(self, frame, simulated):
        dictionary = simulated.dictionary(LAYERS, cycle={"controllable": False})
        (lever,) = study(frame, dictionary=dictionary, lever="cycle").levers
        assert lever.verdict == "watch"
        assert "not-controllable" in [reason.code for reason in lever.reasons]

    def test_a_declared_step_is_ranked_and_cut_at_its_bound(self, frame, simulated):
        mean = frame["cycle"].mean()
        fields = {"step": Step(-2.0), "bounds": (mean - 0.5, None), "unit": "days"}
        rows = {x.lever: x for x in study(frame, dictionary=simulated.dictionary(LAYERS, cycle=fields)).levers}
        assert rows["cycle"].step == pytest.approx(-0.5)
        assert rows["cycle"].step_basis == "declared"
        assert rows["ontime"].step_basis == "sd"
        assert "bounds-cut" in [reason.code for reason in rows["cycle"].reasons]

    def test_a_lever_at_its_bound_has_no_room(self, frame, simulated):
        fields = {"step": Step(-2.0), "bounds": (frame["cycle"].mean() + 1, None)}
        rows = {x.lever: x for x in study(frame, dictionary=simulated.dictionary(LAYERS, cycle=fields)).levers}
        assert (rows["cycle"].step, rows["cycle"].gain_per_step, rows["cycle"].verdict) == (0.0, 0.0, "watch")


@pytest.fixture(scope="module")
def found(simulated) -> cs.Study:
    frame = simulated.frame(0, entities=60, periods=20, level=6.0)
    dictionary = simulated.dictionary(LAYERS, rating={"better": "higher", "unit": "points"})
    return study(frame, dictionary=dictionary, resamples=60)


class TestAnswer:
    """The founding pattern: a real lever, an innocent bystander that correlation puts first."""

    def test_the_planted_lever_is_act_with_its_true_effect(self, found):
        first = found.levers[0]
        assert (first.lever, first.verdict, first.rank) == ("cycle", "act", 1)
        assert first.step < 0 < first.gain_per_step
        impact = next(e for e in found.effects if (e.lever, e.kind) == ("cycle", "impact"))
        assert impact.low < -0.5 - 0.8 * 0.7 < impact.high

    def test_the_bystander_is_not_act_although_correlation_puts_it_before_the_lever(self, found):
        contrast = {c.indicator: c for c in found.contrast}
        rows = {x.lever: x for x in found.levers}
        assert contrast["visits"].correlation_rank < contrast["cycle"].correlation_rank
        assert contrast["visits"].correlation > 0.8
        assert rows["visits"].verdict not in ("act", "test")
        assert rows["visits"].rank == 3

    def test_the_chain_is_told(self, found):
        paths = {c.path: c for c in found.chains if c.lever == "cycle" and c.kind == "path"}
        assert ("cycle", "ontime", "rating") in paths
        assert ("cycle", "rating") in paths
        assert "cycle" in found.answers[0].text.en

    def test_it_prints_as_its_answer(self, found):
        assert str(found) == found.answers[0].text.en
        assert found._repr_html_().lstrip().startswith("<")
        assert list(found.to_frame("levers")["lever"]) == [x.lever for x in found.levers]


class TestSeveralOutcomes:
    def test_each_has_its_own_list_and_answer(self, frame, known):
        found = study(frame, dictionary=known, outcome=("rating", "ontime"))
        assert [a.outcome for a in found.answers] == ["rating", "ontime"]
        assert {x.outcome for x in found.levers} == {"rating", "ontime"}
        for outcome in ("rating", "ontime"):
            rows = [x for x in found.levers if x.outcome == outcome]
            assert rows[0].rank == 1
            assert outcome not in [x.lever for x in rows]

    def test_one_may_be_a_lever_of_the_other(self, frame, known):
        found = study(frame, dictionary=known, outcome=("rating", "ontime"))
        assert ("ontime", "rating") in {(x.lever, x.outcome) for x in found.levers}

    def test_the_effects_are_those_of_each_alone(self, frame, known):
        both = study(frame, dictionary=known, outcome=("rating", "ontime"), lever=("cycle", "visits"))
        alone = study(frame, dictionary=known, outcome="ontime", lever=("cycle", "visits"))
        assert tuple(e for e in both.effects if e.outcome == "ontime") == alone.effects
        assert both.graph == alone.graph

    def test_named_twice_is_once(self, frame):
        assert study(frame, outcome=("rating", "rating")).plan.outcome == ("rating",)


class TestRegimes:
    def test_panel(self, frame):
        found = study(frame)
        assert (found.regime, found.panel.entities, found.panel.periods, found.panel.rows) == ("panel", 25, 14, 350)

    def test_cross_section_has_same_period_effects_only(self, frame):
        found = study(frame.drop(columns=["plant", "month"]), crossed=True)
        assert found.regime == "cross-section"
        assert (found.plan.lags, found.plan.lags_chosen, found.plan.headline) == (0, "regime", "impact")
        assert {e.lag for e in found.graph.edges} == {0}
        assert found.panel.rows == 350

    def test_an_entity_column_alone_is_the_cluster(self, simulated):
        """x and y both differ by plant: 25 plants vouch for much less than 350 independent rows."""
        rng = np.random.default_rng(1)
        plant = np.repeat(np.arange(25), 14)
        rows = pd.DataFrame({name: 2 * rng.normal(size=25)[plant] + rng.normal(size=350) for name in "xyz"})
        rows["plant"] = [f"plant {i:02d}" for i in plant]
        dictionary = replace(simulated.dictionary({"x": "process", "y": "business"}), required=(("x", "y", None),))
        options = {"crossed": True, "outcome": "y", "lever": "x", "dictionary": dictionary, "resamples": 100}
        clustered = study(rows, entity="plant", **options)
        loose = study(rows.drop(columns="plant"), **options)
        assert (clustered.regime, clustered.plan.entity) == ("cross-section", "plant")
        width = [found.levers[0].high - found.levers[0].low for found in (clustered, loose)]
        assert width[0] > 2 * width[1]

    def test_few_clusters_are_never_enough_to_act(self, frame):
        rows = frame[frame["plant"] < "plant 05"].drop(columns="month")
        found = study(rows, crossed=True, entity="plant")
        assert {x.verdict for x in found.levers} == {"insufficient"}

    def test_three_periods_have_no_lags(self, simulated):
        found = study(simulated.frame(0, entities=40, periods=3), lags=1)
        assert (found.regime, found.plan.lags, found.plan.lags_chosen) == ("panel", 0, "regime")
        assert found.plan.headline == "impact"

    def test_a_single_series_is_studied_and_says_so(self, simulated):
        found = study(simulated.frame(0, entities=1, periods=120), dictionary=simulated.dictionary(LAYERS))
        assert (found.regime, found.plan.lags, found.plan.headline) == ("series", 1, "sustained")
        design = next(f for f in found.findings if f.code == "analysis-design")
        assert "single time series" in design.message.en
        assert "单一时间序列" in design.message.zh
        assert "per entity" not in design.message.en
        assert "每个实体" not in design.message.zh
        assert design.params["unit"] == "period"
        assert ("common-shocks", ()) in codes(found)
        edges = {(e.source, e.target) for e in found.graph.edges if e.lag == 0}
        assert {("cycle", "ontime"), ("ontime", "rating")} <= edges

    def test_the_answer_for_a_series_speaks_of_time_not_of_entities(self, simulated):
        weak = simulated.frame(0, entities=1, periods=60)
        answer = study(weak[["plant", "month", "visits", "rating"]]).answers[0].text
        assert "similar entities to make a panel" in answer.en or "for a limited time" in answer.en
        assert "少数实体" not in answer.zh

    def test_lags_too_few_are_said(self, simulated):
        second = np.diag([0.5, 0.5, 0.5, 0.5])
        past = (np.diag([0.2, 0.2, 0.2, 0.2]), second)
        frame = simulated.frame(0, past=past, entities=30, periods=30)
        said = [next((f for f in study(frame, lags=n).findings if f.code == "longer-lags"), None) for n in (1, 2)]
        assert said[0].params == {"lags": 1, "longest": 2, "cause": "ontime", "effect": "rating"}
        assert "most clearly 'ontime' on 'rating'" in said[0].message.en
        assert "“ontime”对“rating”" in said[0].message.zh
        assert "--lags 2" in said[0].remedy.en
        assert said[1] is None

    def test_a_short_series_is_refused_with_a_way_out(self, frame):
        error = refused(frame[frame["plant"] == "plant 00"])
        assert error.code == "too-few-rows"
        assert "level, trend and season" in error.what.en
        assert "several entities" in error.remedy.en

    def test_few_entities_are_never_enough_to_act(self, simulated):
        found = study(simulated.frame(0, entities=3, periods=60))
        assert {x.verdict for x in found.levers} == {"insufficient"}
        assert all("too-few-entities" in [r.code for r in x.reasons] for x in found.levers)

    @pytest.mark.parametrize("lags", [5, 6, 12])
    def test_more_lags_than_periods(self, simulated, lags):
        assert refused(simulated.frame(0, periods=5), lags=lags).code == "too-few-rows"


class TestWeights:
    def test_weights_count(self, frame, known):
        """Where all weight lies on half of the plants, the answer is that of this half."""
        half = frame["plant"] < "plant 13"
        weighted = study(frame.assign(orders=np.where(half, 100.0, 1e-6)), weight="orders", dictionary=known)
        alone, all_alike = study(frame[half], dictionary=known), study(frame, dictionary=known)
        assert weighted.plan.weight == "orders"
        assert "orders" not in weighted.panel.indicators
        effect = [
            next(e.full_sample for e in found.effects if (e.lever, e.kind) == ("cycle", "impact"))
            for found in (weighted, alone, all_alike)
        ]
        assert effect[0] == pytest.approx(effect[1], abs=0.01)
        assert abs(effect[2] - effect[1]) > 0.02

    def test_equal_weights_change_no_effect(self, frame):
        weighted, plain = study(frame.assign(orders=7.0), weight="orders"), study(frame)
        for a, b in zip(weighted.effects, plain.effects, strict=True):
            assert a.value == pytest.approx(b.value, rel=1e-9, abs=1e-12)

    def test_unequal_weights_cost_rows(self, frame):
        orders = np.random.default_rng(0).integers(1, 100, len(frame)).astype(float)
        weighted, plain = study(frame.assign(orders=orders), weight="orders"), study(frame)
        assert weighted.provenance.effective_n < 0.9 * plain.provenance.effective_n


class TestKnowledge:
    @pytest.fixture
    def written(self, tmp_path):
        def write(text: str) -> str:
            path = tmp_path / "knowledge.yaml"
            path.write_text(text, encoding="utf-8")
            return str(path)

        return write

    def test_a_file_adds_to_the_dictionary(self, frame, known, written):
        path = written("required: [[visits, rating]]\nforbidden: [[cycle, rating]]\n")
        dictionary = replace(known, forbidden=(("visits", "cycle", None),))
        found = study(frame, dictionary=dictionary, knowledge=path)
        assert found.plan.required == (("visits", "rating", None),)
        assert set(found.plan.forbidden) == {("cycle", "rating", None), ("visits", "cycle", None)}
        arrows = {(e.source, e.target) for e in found.graph.edges if e.mark != "<->"}
        assert ("visits", "rating") in arrows
        assert not {("cycle", "rating"), ("visits", "cycle")} & arrows
        assert (found.graph.certificate.required, found.graph.certificate.forbidden) == ("kept", "kept")

    def test_a_required_arrow_is_in_every_draw(self, frame, known, written):
        found = study(frame, dictionary=known, knowledge=written("required: [[visits, rating, 0]]\n"))
        arrow = next(e for e in found.graph.edges if (e.source, e.target, e.lag) == ("visits", "rating", 0))
        assert (arrow.mark, arrow.frequency) == ("-->", 1.0)

    def test_against_the_layers(self, frame, known, written):
        error = refused(frame, dictionary=known, knowledge=written("required: [[rating, cycle, 0]]\n"))
        assert isinstance(error, KnowledgeConflict)
        assert "rating" in error.what.en

    def test_about_nobody(self, frame, known, written):
        assert isinstance(
            refused(frame, dictionary=known, knowledge=written("forbidden: [[visit, rating]]\n")), cs.CallError
        )

    def test_about_a_removed_indicator_is_passed_over(self, frame, written):
        constant = frame.assign(fee=3.0)
        found = study(constant, knowledge=written("required: [[fee, rating]]\n"))
        assert found.graph.certificate.required == "none"
        assert ("constant", ("fee",)) in codes(found)


class TestRemoved:
    """An indicator that cannot be used leaves by name, with a finding, and the study goes on."""

    def test_a_constant(self, frame):
        found = study(frame.assign(fee=3.0))
        assert "fee" not in found.panel.indicators
        assert ("constant", ("fee",)) in codes(found)

    def test_what_never_changes_within_a_plant(self, frame):
        area = frame["plant"].str[-2:].astype(float)
        found = study(frame.assign(area=area))
        assert "area" not in found.panel.indicators
        assert ("no-within-variation", ("area",)) in codes(found)

    def test_a_copy(self, frame):
        found = study(frame.assign(cycle_hours=24 * frame["cycle"]))
        kept = {"cycle", "cycle_hours"} & set(found.panel.indicators)
        assert len(kept) == 1
        assert kept == {"cycle", "cycle_hours"} & set(found.plan.levers)

    def test_a_copy_of_the_outcome_is_never_a_lever(self, frame):
        found = study(frame.assign(score=2 * frame["rating"] + 1))
        assert "rating" in found.panel.indicators
        assert "score" not in found.panel.indicators
        assert "score" not in found.plan.levers

    def test_parts_of_the_outcome_are_never_levers(self, frame):
        rng = np.random.default_rng(0)
        parts = frame.assign(repeat=rng.normal(50, 5, len(frame)), fresh=rng.normal(20, 3, len(frame)))
        parts["sales"] = parts["repeat"] + parts["fresh"]
        found = study(parts, outcome="sales")
        assert not {"repeat", "fresh"} & set(found.plan.levers)
        assert any(code == "identity-with-outcome" for code, _ in codes(found))
        assert {"repeat", "fresh"} == {n for c, names in codes(found) if c == "identity-with-outcome" for n in names}

    def test_an_exact_sum_stays_behind_its_parts(self, frame):
        found = study(frame.assign(total=frame["cycle"] + frame["visits"]), dictionary=None)
        assert "total" in found.panel.indicators
        into = {(e.source, e.frequency) for e in found.graph.edges if e.target == "total" and e.lag == 0}
        assert into == {("cycle", 1.0), ("visits", 1.0)}

    def test_a_lever_asked_for_by_name_is_not_left_out_in_silence(self, frame):
        error = refused(frame.assign(fee=3.0), lever="fee")
        assert (error.code, error.params) == ("lever-removed", {"lever": "fee", "finding": "constant"})

    def test_no_lever_left_leaves_an_answer(self, frame):
        found = study(frame[["plant", "month", "rating"]].assign(fee=3.0))
        assert found.plan.levers == found.levers == found.effects == found.chains == ()
        assert found.answers[0].text.zh
        assert found.answers[0].text.en


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "option"),
        [
            ({"resamples": 19}, "resamples"),
            ({"resamples": 20.0}, "resamples"),
            ({"resamples": True}, "resamples"),
            ({"lags": -1}, "lags"),
            ({"lags": "two"}, "lags"),
            ({"lags": 13}, "lags"),
            ({"horizon": -1}, "horizon"),
            ({"horizon": 61}, "horizon"),
            ({"seed": -1}, "seed"),
            ({"seed": 2**63}, "seed"),
            ({"threads": 0}, "threads"),
        ],
    )
    def test_options_out_of_range_are_named(self, frame, options, option):
        error = refused(frame, **options)
        assert error.code == "option-out-of-range"
        assert error.params["option"] == option
        assert isinstance(error, cs.CallError)

    @pytest.mark.parametrize("options", [{"resamples": 20}, {"seed": 2**63 - 1}, {"horizon": 0}, {"lags": 0}])
    def test_the_ends_of_the_ranges_work(self, frame, options):
        assert study(frame, **options).levers

    def test_lever_is_outcome(self, frame):
        error = refused(frame, lever=("cycle", "rating"))
        assert (error.code, error.params) == ("lever-is-outcome", {"indicator": "rating"})

    def test_no_outcome(self, frame):
        error = refused(frame, outcome=())
        assert error.code == "no-outcome"
        assert error.params["candidates"] == ["cycle", "ontime", "rating", "visits"]

    @pytest.mark.parametrize("options", [{"outcome": "ratng"}, {"lever": "ratng"}])
    def test_unknown_names_offer_the_nearest(self, frame, options):
        error = refused(frame, **options)
        assert isinstance(error, UnknownName)
        assert "rating" in error.remedy.en

    def test_unknown_method(self, frame):
        assert refused(frame, method="bos").code == "unknown-method"

    def test_too_few_rows_say_how_many(self, simulated):
        error = refused(simulated.frame(0, entities=3, periods=5))
        assert isinstance(error, cs.DataError)
        assert error.code == "too-few-rows"

    def test_options_are_checked_before_any_file_is_opened(self):
        with pytest.raises(cs.CallError) as caught:
            cs.study("/nowhere/panel.csv", outcome="x", resamples=1)
        assert caught.value.code == "option-out-of-range"

    def test_an_empty_outcome_stops(self, frame):
        error = refused(frame.assign(rating=np.nan))
        assert isinstance(error, (cs.DataError, UnreadableFile))


def test_check_gives_the_findings_of_the_study(frame, known):
    panel, dictionary, findings = cs.check(frame, outcome="rating", dictionary=known, **KEYS)
    found = study(frame, dictionary=known)
    assert found.findings[: len(findings)] == findings
    assert found.panel.fingerprint == panel.fingerprint
    assert dictionary is known


class TestWhatHardlyVaries:
    """A measure that begins in the last period, or has begun before all rows that can be used, is no reason to stop."""

    @pytest.mark.parametrize("lags", [1, 2])
    @pytest.mark.parametrize("moved", ["in the last period", "in the first period"])
    def test_what_moved_in_one_period_has_no_effect_that_is_known(self, frame, known, lags, moved):
        time = frame.groupby("plant").cumcount()
        chosen = (time == (time.max() if moved == "in the last period" else 0)) & (frame["plant"] < "plant 12")
        found = study(frame.assign(visits=chosen.astype(float)), dictionary=known, lags=lags)
        verdicts = {one.lever: one.verdict for one in found.levers}
        assert verdicts["cycle"] == "act"
        assert verdicts["visits"] in ("insufficient", "watch")
        assert all(np.isfinite((one.low, one.value, one.high)).all() for one in found.levers)

    @pytest.mark.slow
    def test_one_entity_is_enough_to_be_left_out_by_draws_twins_and_halves(self, frame, known):
        last = frame.groupby("plant").cumcount() == 13
        rare = frame.assign(visits=(last & (frame["plant"] == "plant 03")).astype(float))
        found = study(rare, dictionary=known, rehearse=3)
        assert {one.lever: one.verdict for one in found.levers}["visits"] in ("insufficient", "watch")
        assert found.rehearsal.asked == 3
        study(rare, dictionary=known, outcome="visits")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pc", "ges", "fci"])
def test_library_methods_say_that_their_graph_was_held_fixed(frame, known, method):
    found = study(frame, dictionary=known, method=method)
    assert found.plan.method == method
    assert "graph-held-fixed" in {f.code for f in found.findings}
    assert found.graph.certificate.tiers == "kept"
    assert found.levers[0].lever == "cycle"
