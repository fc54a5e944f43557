"""The first page as it is served: both languages complete, policy strict, files under their digest."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import re
import sys
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from causal_service.report.html import render_html, report_style
from causal_service.service.app import create_app
from causal_service.service.settings import Settings
from causal_service.service.web.words import page_words, script_words

STATIC = files("causal_service.service.web") / "static"
SCRIPTS = {file.name: file.read_text(encoding="utf-8") for file in STATIC.iterdir() if file.name.endswith(".js")}
TEMPLATE = (files("causal_service.service.web") / "templates" / "page.html.j2").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = Settings(data=tmp_path_factory.mktemp("data"))
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture(scope="module")
def sample_report() -> str:
    """The report of the sample study that the tests of the report use."""
    place = Path(__file__).parents[1] / "report" / "sample.py"
    spec = importlib.util.spec_from_file_location("service_report_sample", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return render_html(module.sample_study(), "en")


class Page(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_every_stage_of_the_progress_bar_has_words():
    listed = re.search(r"const STAGES = \{(.*?)\}", SCRIPTS["page.js"])
    assert listed is not None
    stages = re.findall(r"(\w+):", listed[1])
    assert {"read", "checks", "depth", "crosscheck", "report"} <= set(stages)
    for lang in ("zh", "en"):
        words = script_words(lang)
        assert not [stage for stage in stages if not words.get(f"stage_{stage}")]


def test_the_reference_explains_every_route_and_asks_nobody_else(site):
    answer = site.get("/docs")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = Page(answer.text)
    assert not [tag for tag, attrs in page.tags if tag in ("script", "style") or "style" in attrs]
    linked = {attrs.get("href") or attrs.get("src") for _, attrs in page.tags} - {None}
    assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in linked)
    anchors = {attrs.get("id") for _, attrs in page.tags}
    assert {link[1:] for link in linked if link.startswith("#")} <= anchors
    document = site.get("/openapi.json").json()
    assert all(f"<code>{path}</code>" in answer.text for path in document["paths"])
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= anchors


def test_the_language_is_the_readers(site):
    assert site.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text.count('<html lang="zh-CN"') == 1
    assert site.get("/", headers={"Accept-Language": "de"}).text.count('<html lang="en"') == 1
    assert site.get("/?lang=zh", headers={"Accept-Language": "en"}).text.count('<html lang="zh-CN"') == 1
    assert site.get("/?lang=fr").status_code == 422


def test_nothing_inline_and_nothing_from_elsewhere(site):
    answer = site.get("/")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for tag, attributes in Page(answer.text).tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "style"
        assert tag != "script" or attributes["src"]
        for name in ("src", "href"):
            assert not (attributes.get(name) or "").startswith(("http:", "https:", "//", "data:"))
    for name, text in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            name
        )


def test_the_policy_knows_the_style_of_the_report(site, sample_report):
    style = sample_report[sample_report.index("<style>") + 7 : sample_report.index("</style>")]
    assert style == report_style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in site.get("/").headers["Content-Security-Policy"]
    assert " style=" not in sample_report


def test_static_files_are_kept_by_browsers_and_known_by_digest(site):
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', site.get("/").text)
    assert len(addresses) >= 4
    for address in addresses:
        answer = site.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert site.get("/static/0000000000000000/page.js").status_code == 404


def test_the_bundled_example_is_served(site):
    assert site.get("/example/panel.csv").text.startswith("plant,month,")
    assert "indicators:" in site.get("/example/dictionary.yaml").text
    assert site.get("/example/truth.json").status_code == 422


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_word_is_there_and_used(lang):
    page, script = page_words(lang), script_words(lang)
    assert all(page.values())
    assert all(script.values())
    assert set(re.findall(r"\bw\.([a-z_]+)", TEMPLATE)) == set(page)
    code = "".join(SCRIPTS.values())
    asked = set(re.findall(r'word\("([a-z_0-9-]+)"', code))
    assert asked <= set(script)
    families = {match + "_" for match in re.findall(r"word\(`([a-z]+)_\$\{", code)}
    assert {key for key in script if key not in asked and not key.startswith(tuple(families))} <= {
        "group_last",
        "group_layer",
    }


def test_both_languages_fill_in_the_same_values():
    zh, en = script_words("zh"), script_words("en")
    for key, text in zh.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", en[key])), key


def test_every_field_has_a_label(site):
    tags = Page(site.get("/").text).tags
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    for tag, attributes in tags:
        if tag in ("input", "select"):
            assert attributes["id"] in labelled or "aria-labelledby" in attributes
        if tag == "iframe":
            assert attributes["title"]
            assert attributes["sandbox"] == ""


def test_words_in_the_page_are_escaped_json(site):
    (body,) = [attributes for tag, attributes in Page(site.get("/?lang=zh").text).tags if tag == "body"]
    assert json.loads(body["data-words"])["stage_discover"] == "学习因果图"
    assert body["data-mode"] == "local"
