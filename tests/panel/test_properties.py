"""What must hold for any panel: order changes nothing, writing and reading give the same panel back."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causal_service.panel.checks import check
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.reading import panel_from_frame, read_panel

KEYS = {"entity": "plant", "period": "month"}
values = st.floats(min_value=-1e100, max_value=1e100) | st.none()  # larger ones are refused


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Small panels with gaps, odd names and any finite values."""
    entities = draw(
        st.lists(st.text("abc 甲乙", min_size=1).map(str.strip).filter(bool), min_size=2, max_size=4, unique=True)
    )
    periods = draw(st.lists(st.integers(0, 30), min_size=2, max_size=5, unique=True))
    names = draw(st.lists(st.sampled_from(["cycle", "周期", "rate %", "x", "y"]), min_size=1, max_size=3, unique=True))
    cells = [(entity, f"{2020 + p // 12}-{p % 12 + 1:02d}") for entity in entities for p in periods]
    kept = draw(st.lists(st.sampled_from(cells), min_size=2, unique=True))
    data = {name: draw(st.lists(values, min_size=len(kept), max_size=len(kept))) for name in names}
    frame = pd.DataFrame(kept, columns=["plant", "month"]).assign(**data)
    frame[names] = frame[names].astype(float)
    return frame


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames(), st.randoms(use_true_random=False))
def test_order_changes_nothing(frame, random):
    rows, columns = list(frame.index), list(frame.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    first = panel_from_frame(frame, **KEYS)
    second = panel_from_frame(frame.loc[rows, columns], **KEYS)
    assert first.fingerprint == second.fingerprint
    np.testing.assert_array_equal(first.values, second.values)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames())
def test_any_panel_can_be_checked(frame):
    panel = panel_from_frame(frame, **KEYS)
    for finding in check(panel, Dictionary(), [panel.indicators[0]]):
        assert finding.message.zh and finding.message.en
        assert not any(isinstance(value, float) and np.isnan(value) for value in finding.params.values())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
def test_csv_round_trip_to_the_last_bit(tmp_path_factory, frame, separator, encoding):
    path = tmp_path_factory.mktemp("csv") / "panel.csv"
    path.write_bytes(frame.to_csv(index=False, sep=separator).encode(encoding))
    assert read_panel(path, **KEYS).panel.fingerprint == panel_from_frame(frame, **KEYS).fingerprint


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames())
def test_parquet_round_trip_to_the_last_bit(tmp_path_factory, frame):
    path = tmp_path_factory.mktemp("parquet") / "panel"
    frame.to_parquet(path)
    assert read_panel(path, **KEYS).panel.fingerprint == panel_from_frame(frame, **KEYS).fingerprint


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_order(seed, random):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"plant": np.repeat(list("abcdef"), 8), "month": np.tile(np.arange(2001, 2009), 6)})
    for name in ("u", "v", "w"):
        frame[name] = rng.normal(10, 2, 48).round(2)
    frame["s"] = frame["u"] + frame["v"] if seed % 2 else frame["u"] / frame["v"]
    frame["t"] = frame["w"] if seed % 3 else rng.normal(size=48)
    frame.loc[rng.random(48) < 0.1, "w"] = np.nan
    columns = list(frame.columns)
    random.shuffle(columns)
    shuffled = frame.sample(frac=1, random_state=seed)[columns]
    first = check(panel_from_frame(frame, **KEYS), Dictionary(), ["u"])
    assert first == check(panel_from_frame(shuffled, **KEYS), Dictionary(), ["u"])


def test_any_bytes_are_read_or_refused_with_a_reason(tmp_path):
    from causal_service.errors import CausalServiceError

    path = tmp_path / "any"

    @settings(max_examples=150, deadline=None)
    @given(st.binary(max_size=300) | st.text('plantmoh,;\n"01-%（）', max_size=200).map(str.encode))
    def attempt(content: bytes) -> None:
        path.write_bytes(content)
        try:
            read_panel(path)
        except CausalServiceError as error:
            assert error.what.zh and error.what.en and error.remedy.zh and error.remedy.en

    attempt()


def test_cross_sections_do_not_depend_on_row_order():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 3, (40, 3)).astype(float), columns=list("abc"))
    frame[frame == 2] = np.nan
    frame["w"] = rng.integers(1, 4, 40)
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False)
    first = panel_from_frame(frame, weight="w")
    for seed in range(5):
        assert panel_from_frame(frame.sample(frac=1, random_state=seed), weight="w").fingerprint == first.fingerprint
