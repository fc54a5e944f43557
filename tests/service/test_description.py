"""The API describes itself, and its options are those of the pipeline."""

from __future__ import annotations

import inspect
import json

import pytest

import causal_service as cs
from causal_service.service.jobs.question import Question, identity_of
from causal_service.service.problems import MEDIA, STATUS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    from causal_service.service.app import create_app
    from causal_service.service.settings import Settings

    return create_app(Settings(data=tmp_path_factory.mktemp("data"))).openapi()


NOT_ASKED = {"threads", "progress", "scheduler", "stream"}
"""What the service decides itself."""


def test_the_options_of_a_question_are_those_of_a_study():
    ours = dict(Question.model_fields)
    theirs = {name: p for name, p in inspect.signature(cs.study).parameters.items() if name not in NOT_ASKED}
    renamed = {"levers": "lever"}
    assert {renamed.get(name, name) for name in ours} == set(theirs)
    for name in set(ours) - {"panel", "outcome", "levers"}:
        assert ours[name].default == theirs[name].default, name
    assert set(Question(panel="p", outcome="y").options()) == set(theirs) - {"panel", "dictionary", "knowledge"}


def test_identity_is_made_of_everything_that_matters():
    def identity(inputs=({"sha256": "a", "dictionary": None},), **options):
        return identity_of(Question(**{"panel": "p", "outcome": "y"} | options), inputs)

    assert identity() == identity(panel="another upload of the same bytes")
    different = [
        identity(),
        identity(inputs=({"sha256": "b", "dictionary": None},)),
        identity(inputs=({"sha256": "a", "dictionary": "d"},)),
        *(identity(**{name: value}) for name, value in [
            ("outcome", "z"), ("seed", 1), ("lags", 2), ("levers", ["x"]), ("resamples", 30), ("entity", "e"),
            ("dictionary", {"layers": ["a"]}), ("knowledge", {"required": [["a", "b"]]}), ("method", "pc"),
        ]),
    ]  # fmt: skip
    assert len(set(different)) == len(different)


def test_every_field_and_parameter_is_explained(description):
    assert description["openapi"].startswith("3.1")
    for name, schema in description["components"]["schemas"].items():
        if name.startswith(("Body_", "Validation")):
            continue
        for field, content in schema.get("properties", {}).items():
            assert content.get("description") or "$ref" in content, f"{name}.{field}"
    units = description["components"]["schemas"]["Effect"]["properties"]["value"]["description"]
    assert "unit" in units


def test_every_route_says_what_it_may_refuse(description):
    for path, operations in description["paths"].items():
        if not path.startswith("/v1"):
            continue
        for verb, operation in operations.items():
            assert operation["summary"], (verb, path)
            assert operation["description"], (verb, path)
            for status in ("400", "401", "403", "404", "413", "422", "429", "503"):
                (media,) = operation["responses"][status]["content"]
                assert media == MEDIA
    assert "HTTPValidationError" not in json.dumps(description)


def test_codes_keep_their_status():
    assert (STATUS["not-found"], STATUS["no-key"], STATUS["rate-limited"], STATUS["no-space"]) == (404, 401, 429, 507)
