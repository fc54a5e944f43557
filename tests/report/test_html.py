"""The HTML report is self-contained, deterministic, escaped, and speaks one language at a time."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields, replace
from html.parser import HTMLParser

import pytest

from causal_service.errors import Text
from causal_service.report.composition import compose
from causal_service.report.html import notebook_html, render_html
from causal_service.report.provenance import _PLAN_LABELS
from causal_service.study_record import Provenance, StudyPlan

VOID = {"meta", "br", "hr", "img", "input", "link"}
LANGUAGES = ("zh", "en")
HAN = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_SENTENCE = re.compile(r"(?:\b[A-Za-z][a-z]+\b[ ,]+){4,}")


class Page(HTMLParser):
    """Collects tags, attributes and text, and notices tags that do not close."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.words: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, key, value) for key, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, key, value) for key, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_study_renders_to_well_formed_html(any_study, lang):
    page = Page(render_html(any_study, lang))
    assert (page.wrong, page.open) == ([], [])
    ids = [value for _, key, value in page.attributes if key == "id"]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_fetched_and_nothing_runs(any_study, lang):
    text = render_html(any_study, lang)
    page = Page(text)
    loads = {"src", "href", "srcset", "action", "data", "xlink:href", "poster"}
    assert not [entry for entry in page.attributes if entry[1] in loads]
    assert not [entry for entry in page.attributes if entry[1].startswith("on")]
    assert "<script" not in text
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"url\(|@import|https?:", style)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_same_study_gives_the_same_bytes(any_study, lang):
    assert render_html(any_study, lang) == render_html(any_study, lang)


def test_names_cannot_inject_markup(study):
    evil = Text("<script>alert('一')</script>", "</title><script>alert(1)</script>")
    indicators = tuple(
        replace(entry, name=evil, owner='"><img src=x onerror=alert(1)>') for entry in study.indicators
    )  # fmt: skip
    text = render_html(replace(study, indicators=indicators), "en")
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text


def test_chinese_report_has_no_english_sentence(any_study):
    found = ENGLISH_SENTENCE.findall(Page(render_html(any_study, "zh")).text)
    assert not found


def test_english_report_has_chinese_only_in_department_names(any_study):
    plain = replace(any_study, indicators=tuple(replace(entry, owner="") for entry in any_study.indicators))
    assert not HAN.findall(Page(render_html(plain, "en")).text)


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "zh",
            [
                "先动什么",
                "订单交付周期",
                "−1天",
                "+0.78分",
                "95%区间 0.73至0.84",
                "第3位",
                "为什么 SHAP 图和相关性排序会误导",
            ],
        ),
        ("en", ["Move first", "Delivery cycle", "−1 day", "+0.78 points", "0.73 to 0.84", "No. 3", "Why SHAP charts"]),
    ],
)
def test_the_first_screen_says_what_how_much_how_sure(study, lang, expected):
    text = Page(render_html(study, lang)).text
    for words in expected:
        assert words in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_stands_out_is_a_designed_answer(sample, lang):
    text = Page(render_html(sample.unclear_study(), lang)).text
    assert {"zh": "没有哪个杠杆", "en": "No lever stands out"}[lang] in text
    assert {"zh": "先动什么", "en": "Move first"}[lang] not in text
    assert {"zh": "没有画出任何边", "en": "none is drawn"}[lang] in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_outcome_has_its_own_section_and_picture(sample, lang):
    document = compose(sample.two_outcomes(), lang)
    assert [section.key for section in document.sections] == ["satisfaction", "repurchase_rate"]
    assert render_html(sample.two_outcomes(), lang).count('class="graph"') == 2


def test_findings_come_worst_first_and_passes_are_folded(study):
    document = compose(study, "en")
    assert [card.severity for card in document.open_findings] == ["fail", "review", "review"]
    assert [card.severity for card in document.passed_findings] == ["pass"] * 3
    text = render_html(study, "en")
    assert text.index("Failed") < text.index("To review") < text.index("3 checks passed")


def test_correlation_ranks_that_mislead_are_marked(study):
    rows = {row.name: row for row in compose(study, "en").sections[0].levers}
    assert rows["Training hours per employee"].misleading
    assert not rows["Delivery cycle"].misleading


def test_every_option_of_a_plan_has_a_name_in_both_languages():
    for field in (*fields(StudyPlan), *fields(Provenance)):
        label = _PLAN_LABELS[field.name]
        assert HAN.search(label.zh), field.name
        assert label.en != field.name


def test_provenance_tells_seed_versions_and_fingerprint(study):
    facts = {fact.label: fact.value for fact in compose(study, "en").provenance}
    assert facts["Seed"] == "0"
    assert facts["Data fingerprint"] == study.panel.fingerprint
    assert "numpy 2.4.1" in facts["Versions"]


def test_quoted_keys_are_shown_by_name(study):
    quoting = replace(study.findings[0], message=Text("恒等式delivery_cycle = a_b + x", "sum delivery_cycle = a_b + x"))
    document = compose(replace(study, findings=(quoting,)), "zh")
    assert document.open_findings[0].message == "恒等式订单交付周期 = a_b + x"


def test_plan_shows_arrows_texts_and_values_in_words(study):
    plan = {"required": (("delivery_cycle", "on_time_rate", 1),), "lags_chosen": "auto", "weight": None, "own": True}
    provenance = {"preparation": ({"code": "rows", "text": {"zh": "共 9 行。", "en": "9 rows."}},)}
    facts = {f.label: f.value for f in compose(replace(study, plan=plan, provenance=provenance), "en").provenance}
    assert facts["Required arrows"] == "Delivery cycle → On-time delivery rate (lag 1)"
    assert facts["Lags chosen by"] == "BIC"
    assert facts["Weight column"] == "—"
    assert facts["own"] == "yes"
    assert facts["Preparation"] == "9 rows."


def test_chains_of_a_lever_stay_in_the_direction_of_the_step(study):
    group = compose(study, "en").sections[0].chains[0]
    assert next(row.part for row in group.rows) == "+0.57 points"  # −0.572 per day, one day shorter


def test_unknown_numbers_are_shown_as_a_dash(study):
    levers = tuple(replace(lever, p_top3=float("nan"), smallest_detectable=float("nan")) for lever in study.levers)
    chains = tuple(replace(chain, share=None) for chain in study.chains)
    text = render_html(replace(study, levers=levers, chains=chains), "en")
    assert "nan" not in Page(text).text.lower().split()
    assert "—" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_notebook_table_is_small_and_well_formed(any_study, lang):
    text = notebook_html(any_study, lang)
    page = Page(text)
    assert (page.wrong, page.open) == ([], [])
    assert len(text) < 6000


@pytest.mark.slow
def test_a_browser_shows_the_report_without_any_error(study, tmp_path, needs):
    browser = needs("chromium", "the report is opened in a real browser")
    page, picture = tmp_path / "report.html", tmp_path / "report.png"
    page.write_text(render_html(study, "zh"), encoding="utf-8")
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={picture}", "--window-size=1200,2000",
        page.as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert picture.stat().st_size > 50_000


def first_in_chart(study, changed: dict[str, int | None]) -> list[str]:
    """What is said of the three that a chart puts first, with other ranks by effect."""
    rows = tuple(replace(row, causal_rank=changed.get(row.indicator, row.causal_rank)) for row in study.contrast)
    return [compose(replace(study, contrast=rows), lang).sections[0].contrast_lead for lang in ("en", "zh")]


def test_only_ranked_levers_are_counted_among_the_best_three(study):
    en, zh = first_in_chart(study, {})
    assert "none of the ranked levers among them is among the best three by effect." in en
    assert "其中参与排名的杠杆里没有一个真正位列前三" in zh
    en, _ = first_in_chart(study, {"complaints": 10})
    assert "none of them is among the best three by effect." in en
    en, zh = first_in_chart(study, dict.fromkeys(("training_hours", "complaints", "customer_visits")))
    assert "none of them is a ranked lever." in en and "都不是参与排名的杠杆" in zh
    en, _ = first_in_chart(study, {"training_hours": 2})
    assert "with evidence enough to act on or test" in en, "second, but with nothing to act on"
