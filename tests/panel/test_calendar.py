"""Periods in all their spellings, and the calendar between the first and the last."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from causal_service.errors import DataError, Text
from causal_service.panel.calendar import are_periods, build_calendar

ROW = Text("行", "line")


def calendar(*cells):
    return build_calendar(pd.Series(list(cells), dtype=object), np.arange(2, 2 + len(cells)), "period", ROW)


@pytest.mark.parametrize(
    ("cells", "frequency", "labels"),
    [
        (("2024Q3", "2025Q1"), "quarter", ("2024Q3", "2024Q4", "2025Q1")),
        (("2024-Q3", "q4 2024"), "quarter", ("2024Q3", "2024Q4")),
        (("2024年第3季度", "2024年四季度"), "quarter", ("2024Q3", "2024Q4")),
        (("2024年3月", "2024年04月"), "month", ("2024-03", "2024-04")),
        (("２０２４年３月", "2024年5月份"), "month", ("2024-03", "2024-04", "2024-05")),
        (("202311", "202402"), "month", ("2023-11", "2023-12", "2024-01", "2024-02")),
        ((202311, 202401), "month", ("2023-11", "2023-12", "2024-01")),
        (("2024-03", "2024/4"), "month", ("2024-03", "2024-04")),
        (("2024.03", "2024.04"), "month", ("2024-03", "2024-04")),
        (("Mar 2024", "April 2024"), "month", ("2024-03", "2024-04")),
        (("2024M03", "2024M4"), "month", ("2024-03", "2024-04")),
        (("2024W52", "2025W02"), "week", ("2024-W52", "2025-W01", "2025-W02")),
        (("2024年第5周", "2024年第6周"), "week", ("2024-W05", "2024-W06")),
        ((2021, 2023), "year", ("2021", "2022", "2023")),
        (("2021年", "2022年"), "year", ("2021", "2022")),
        ((3, 5), "index", ("3", "4", "5")),
        ((45292, 45323, 45352, 45383), "month", ("2024-01", "2024-02", "2024-03", "2024-04")),
        (("45322", "45351", "45382", "45412"), "month", ("2024-01", "2024-02", "2024-03", "2024-04")),
        ((44927, 45017, 45108, 45200), "quarter", ("2023Q1", "2023Q2", "2023Q3", "2023Q4")),
        ((45292, 45293, 45294, 45295), "index", ("45292", "45293", "45294", "45295")),
        ((45292, 45299, 45306, 45313), "index", ("45292", "45299", "45306", "45313")),
        ((45292, 45323, 45352), "month", ("2024-01", "2024-02", "2024-03")),
        ((87, 88, 89), "index", ("87", "88", "89")),
        ((1.0, 2.0), "index", ("1", "2")),
        (("2024-03-30", "2024/3/31", "2024年4月1日"), "day", ("2024-03-30", "2024-03-31", "2024-04-01")),
        ((20240331, 20240401), "day", ("2024-03-31", "2024-04-01")),
        (("2024-03-31", "2024-04-30"), "month", ("2024-03", "2024-04")),
        (("2024-03-01 00:00:00", "2024-04-01T00:00:00"), "month", ("2024-03", "2024-04")),
        ((dt.datetime(2024, 1, 15), dt.date(2024, 2, 15)), "month", ("2024-01", "2024-02")),
        ((pd.Timestamp("2023-12-31"), pd.Timestamp("2024-12-31")), "year", ("2023", "2024")),
        (("2024-01-01", "2024-01-08", "2024-01-22"), "week", ("2024-W01", "2024-W02", "2024-W03", "2024-W04")),
    ],
)
def test_forms_frequencies_and_gaps(cells, frequency, labels):
    found = calendar(*cells)
    assert found.frequency == frequency
    assert found.labels == labels
    assert found.labels[found.index[0]] == labels[0]


def test_month_ends_of_quarters_are_quarters():
    assert calendar("2023-03-31", "2023-06-30", "2023-09-30", "2023-12-31").frequency == "quarter"


def test_working_days_have_no_gap_at_weekends():
    days = [day.date().isoformat() for day in pd.bdate_range("2024-01-01", periods=12)]
    assert calendar(*days).labels == tuple(days)


def test_a_survey_every_five_years_counts_five_years_as_one_period():
    found = calendar(1952, 1957, 1962, 1972)
    assert (found.step, found.labels) == (5, ("1952", "1957", "1962", "1967", "1972"))


def test_order_of_rows_does_not_matter():
    found = calendar("2024-05", "2024-03", "2024-05")
    assert found.labels == ("2024-03", "2024-04", "2024-05")
    assert found.index.tolist() == [2, 0, 2]


@pytest.mark.parametrize(
    ("cells", "code", "mentions"),
    [
        (("2024-03", "2024Q2"), "mixed-periods", ("2024-03", "2024Q2", "line 2", "line 3")),
        (("2024-03", "soon", "later"), "unreadable-period", ("soon", "later", "line 3, 4")),
        (("2024-13", "2024-01"), "unreadable-period", ("2024-13", "line 2")),
        (("2024-02-30", "2024-02-28"), "unreadable-period", ("2024-02-30",)),
        (("2024-03", None), "missing-period", ("line 3",)),
        (("2024-03-01 10:30", "2024-03-01 11:30"), "period-too-fine", ("10:30",)),
        ((1, 900_000_000), "sparse-calendar", ("2",)),
    ],
)
def test_bad_periods_say_what_and_where(cells, code, mentions):
    with pytest.raises(DataError) as caught:
        calendar(*cells)
    assert caught.value.code == code
    for word in mentions:
        assert word in caught.value.what.en
    assert caught.value.what.zh
    assert caught.value.remedy.zh
    assert caught.value.remedy.en


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["2024-01", "2024-02"], True),
        (["2023", "2024"], True),
        (["1", "2"], False),
        (["a", "2024"], False),
        ([], False),
    ],
)
def test_headers_are_periods_only_when_nothing_else_is_meant(labels, expected):
    assert are_periods(labels) is expected
