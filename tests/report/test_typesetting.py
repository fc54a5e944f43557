"""Text breaks where a reader would break it, and never grows wider than its box."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from causal_service.report.typesetting import balanced, cells, em, pad, typographic_minus, wrap

TEXTS = st.text(st.sampled_from("订单交付周期率，。（）ABCxyz -_/0189%"), max_size=40)


@given(TEXTS, st.floats(4, 12), st.integers(1, 4))
def test_lines_fit_and_lose_nothing_but_blanks(text, width, lines):
    rows = wrap(text, width, lines)
    assert len(rows) <= lines
    full = wrap(text, width, 99)
    assert "".join("".join(full).split()) == "".join(text.split())
    for row in full:
        assert em(row[:-1] if row[-1:] in "，。）%" else row) <= width + 1e-9  # one closing mark may hang


@given(TEXTS, st.floats(4, 12))
def test_balancing_never_adds_a_line(text, width):
    assert len(balanced(text, width, 3)) == len(wrap(text, width, 3))


def test_latin_breaks_between_words_and_chinese_anywhere():
    assert wrap("On-time delivery rate", 5, 3) == ["On-time", "delivery", "rate"]
    assert balanced("On-time delivery rate", 9, 2) == ["On-time", "delivery rate"]
    assert wrap("供应商准时到货率", 5, 2) == ["供应商准时", "到货率"]


def test_what_does_not_fit_ends_in_an_ellipsis():
    assert wrap("供应商准时到货率", 3, 2) == ["供应商", "准时…"]


def test_wide_characters_take_two_cells():
    assert (cells("周期ab"), cells(pad("周期", 6)), pad("周期", 6, right=True)) == (6, 6, "  周期")


def test_only_the_sign_of_a_number_becomes_a_minus():
    assert typographic_minus("-0.5 on 2022-01, p-value, (-3)") == "−0.5 on 2022-01, p-value, (−3)"


def test_a_very_long_word_is_cut_into_lines_that_are_full():
    rows = wrap("x" * 20_000, 10)
    assert "".join(rows) == "x" * 20_000
    assert {len(row) for row in rows[:-1]} == {int(10 / em("x"))}
