"""A rehearsal that could not do what was asked says so."""

from __future__ import annotations

import pytest

from causal_service.rehearsal.findings import FEW_TWINS, rehearsal_findings
from causal_service.rehearsal.results import Rehearsal


def codes(twins: int, asked: int) -> list[str]:
    return [f.code for f in rehearsal_findings(Rehearsal(twins, asked, (), (), (), ()))]


@pytest.mark.parametrize(
    ("twins", "asked", "expected"),
    [
        (20, 20, []),
        (FEW_TWINS, FEW_TWINS, []),
        (4, 4, ["few-twins"]),
        (17, 20, ["twins-lost"]),
        (3, 20, ["twins-lost", "few-twins"]),
        (0, 20, ["twins-lost"]),
    ],
)
def test_lost_and_few_twins_are_said(twins, asked, expected):
    assert codes(twins, asked) == expected


def test_no_rehearsal_no_finding():
    assert rehearsal_findings(None) == ()
