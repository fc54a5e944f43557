"""The sample studies as fixtures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def sample() -> ModuleType:
    """The module ``sample.py`` beside this file."""
    spec = importlib.util.spec_from_file_location("report_sample", Path(__file__).with_name("sample.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def study(sample: ModuleType):
    return sample.sample_study()


@pytest.fixture(params=["sample_study", "unclear_study", "empty_study", "two_outcomes", "rehearsed_study"])
def any_study(sample: ModuleType, request: pytest.FixtureRequest):
    return getattr(sample, request.param)()
