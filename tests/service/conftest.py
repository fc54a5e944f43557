"""What tests of the service share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from causal_service.report.html import render_html


@pytest.fixture(scope="session")
def sample_report() -> str:
    """The report of the sample study that the tests of the report use."""
    spec = importlib.util.spec_from_file_location(
        "service_report_sample", Path(__file__).parents[1] / "report" / "sample.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return render_html(module.sample_study(), "en")
