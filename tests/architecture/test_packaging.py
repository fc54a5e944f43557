"""The pinned set and the declared dependencies agree, and no file names a package index."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
APART = ("peers",)
"""Extras that no set-up command installs: their libraries narrow ours, so that they resolve by themselves."""
EXTRAS = {extra: names for extra, names in PROJECT["optional-dependencies"].items() if extra not in APART}
DECLARED = [*PROJECT["dependencies"], *(name for names in EXTRAS.values() for name in names)]
PINNED = {
    canonicalize_name(pin.name): pin
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
    for pin in [Requirement(line)]
}


@pytest.mark.parametrize("text", DECLARED)
def test_every_declared_dependency_is_pinned_within_its_range(text: str):
    wanted = Requirement(text)
    pin = PINNED[canonicalize_name(wanted.name)]
    (exact,) = pin.specifier
    assert exact.operator == "=="
    assert wanted.specifier.contains(exact.version), f"{pin} is outside {wanted.specifier}"


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml", "Makefile", ".ci/run"])
def test_no_file_names_a_package_index(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "index-url" not in text
    assert "://" not in text
