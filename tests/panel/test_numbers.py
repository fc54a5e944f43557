"""Numbers as people type them."""

import math

import numpy as np
import pandas as pd
import pytest

from causal_service.panel.numbers import parse_cell, parse_column


@pytest.mark.parametrize(
    ("text", "value", "forms"),
    [
        ("12.5", 12.5, set()),
        ("-3", -3.0, set()),
        ("+3", 3.0, set()),
        (".5", 0.5, set()),
        ("5.", 5.0, set()),
        ("1e3", 1000.0, set()),
        ("1.5E-2", 0.015, set()),
        ("12.5%", 12.5, {"percent"}),
        ("12.5 %", 12.5, {"percent"}),
        ("-12.5%", -12.5, {"percent"}),
        ("１２．５％", 12.5, {"percent", "full-width"}),
        ("1,234.5", 1234.5, {"thousands"}),
        ("1，234", 1234.0, {"thousands", "full-width"}),
        ("1 234 567", 1234567.0, {"thousands"}),
        ("12,345,678.9", 12345678.9, {"thousands"}),
        ("¥1,234", 1234.0, {"currency", "thousands"}),
        ("￥1,234", 1234.0, {"currency", "thousands", "full-width"}),
        ("-$5", -5.0, {"currency"}),
        ("$-5", -5.0, {"currency"}),
        ("€ 7.5", 7.5, {"currency"}),
        ("1,234元", 1234.0, {"currency", "thousands"}),
        ("(1,234)", -1234.0, {"parentheses", "thousands"}),
        ("（1,234）", -1234.0, {"parentheses", "thousands", "full-width"}),
        ("¥(1,234)", -1234.0, {"parentheses", "thousands", "currency"}),
        ("(¥1,234)", -1234.0, {"parentheses", "thousands", "currency"}),
        ("(5%)", -5.0, {"parentheses", "percent"}),
        ("−5", -5.0, set()),
        ("TRUE", 1.0, {"boolean"}),
        ("false", 0.0, {"boolean"}),
        ("inf", math.inf, set()),
        ("-Infinity", -math.inf, set()),
    ],
)
def test_number_forms(text, value, forms):
    assert parse_cell(text) == (value, frozenset(forms))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "—",
        "——",
        "－",
        "N/A",
        "n/a",
        "NA",
        "NaN",
        "null",
        "None",
        "无",
        "暂无",
        "缺失",
        "#N/A",
        "#DIV/0!",
        "/",
        "　",
    ],
)
def test_words_for_missing(text):
    value, forms = parse_cell(text)
    assert math.isnan(value)
    assert not forms


@pytest.mark.parametrize(
    "text",
    ["abc", "1,5", "1,23,456", "12%%", "--5", "1.2.3", "1.2万", "e5", "5e", "0x1A", "1_000", "12 days", "(5", "％"],
)
def test_what_is_no_number_is_refused_not_guessed(text):
    assert parse_cell(text)[0] is None


def test_a_column_keeps_order_and_points_at_bad_cells():
    column = parse_column(["1", "12%", "", "oops", "（3）", "1,000", "oops", None])
    np.testing.assert_array_equal(column.values, [1, 12, np.nan, np.nan, -3, 1000, np.nan, np.nan])
    assert column.bad.tolist() == [3, 6]
    assert column.percent_cells == 1
    assert column.filled == 6


def test_cells_of_a_sheet_may_mix_numbers_and_text():
    column = parse_column(pd.Series([1, 2.5, "3%", True, None, "—"], dtype=object))
    np.testing.assert_array_equal(column.values, [1, 2.5, 3, 1, np.nan, np.nan])
    assert column.bad.size == 0


@pytest.mark.parametrize("dtype", ["int64", "float32", "Int64", "boolean", "float64"])
def test_numeric_columns_pass_through(dtype):
    column = parse_column(pd.Series([1, 0, 1]).astype(dtype))
    np.testing.assert_array_equal(column.values, [1, 0, 1])
