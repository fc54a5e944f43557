"""The first page in a real browser, before a real service: from file to report, by mouse and by keyboard.

Any message on the console, any violation of the content policy and any request to elsewhere fails the test.
"""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from causal_service.data import demo_panel_path

pytestmark = pytest.mark.slow

WAIT = 120_000
"""Milliseconds that a step may take on a busy machine."""
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
HEAD = ["plant", "month", "cycle", "on_time", "satisfaction"]


@pytest.fixture(scope="module")
def browser(needs: Callable[[str, str], str]) -> Iterator[Any]:
    needs("playwright", "the page is used in a real browser")
    path = needs("chromium", "the page is used in a real browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


class Tab:
    """A page that takes note of everything it should not do."""

    def __init__(self, browser: Any, url: str, width: int = 1280, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 860}, **options)
        self.context.set_default_timeout(WAIT)
        self.page = self.context.new_page()
        self.url, self.wrong, self.asked = url, [], []
        self.context.on("console", lambda message: self.wrong.append(f"console: {message.text}"))
        self.context.on("weberror", lambda error: self.wrong.append(f"error: {error.error}"))
        self.context.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        self.asked.append(request)
        if not request.url.startswith((f"{self.url}/", f"blob:{self.url}/")):
            self.wrong.append(f"request: {request.url}")

    def open(self, path: str = "/?lang=en") -> Any:
        self.page.goto(self.url + path)
        return self.page

    def close(self, *expected: str) -> None:
        """Close the tab; nothing but what was expected may have been noted."""
        self.context.close()
        assert [note for note in self.wrong if not any(part in note for part in expected)] == []


@pytest.fixture
def tab(browser: Any, service: Any) -> Iterator[Tab]:
    opened = Tab(browser, service.url)
    yield opened
    opened.close()


@pytest.fixture
def plants(tmp_path: Path) -> Path:
    """A small panel as CSV, made of the bundled one."""
    with demo_panel_path().open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["plant"] <= "P14" and row["month"] < "2023-07"]
    path = tmp_path / "plants.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(HEAD)
        table.writerows(
            [r["plant"], r["month"], r["delivery_cycle"], r["on_time_rate"], r["satisfaction"]] for r in rows
        )
    return path


def choose(page: Any, file: Path, dictionary: Path | None = None) -> None:
    if dictionary is not None:
        page.set_input_files("#dictionary", dictionary)
    page.set_input_files("#file", file)


def started(page: Any, outcome: str, resamples: int) -> None:
    page.select_option("#outcome", outcome)
    page.locator(".options").evaluate("node => { node.open = true; }")
    page.fill("#resamples", str(resamples))
    page.click("#start")


@pytest.mark.parametrize(("lang", "width", "shown"), [("zh", 1280, "订单交付周期"), ("en", 390, "Delivery cycle")])
def test_from_the_example_to_the_report(browser, service, lang, width, shown):
    tab = Tab(browser, service.url, width)
    page = tab.open(f"/?lang={lang}")
    page.click("#example")
    page.wait_for_selector("#question:visible")
    assert page.locator("#open-findings li").count() >= 1
    groups = page.locator("#outcome optgroup").evaluate_all("all => all.map(one => one.label)")
    assert groups[0] == ("最后一层：战略" if lang == "zh" else "Last layer: Strategic")
    started(page, "satisfaction", 40 if lang == "zh" else 41)
    page.wait_for_selector("#progress:visible")
    page.wait_for_selector("#stages [aria-current]")
    page.wait_for_selector("#result:visible")
    assert page.locator(".lever .name strong").first.inner_text() == shown
    assert page.locator(".lever .badge").first.inner_text() in ("行动", "Act")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
    frame = page.frame_locator("#report")
    assert shown in frame.locator(".headline").inner_text()
    assert frame.locator("h1").evaluate("node => getComputedStyle(node).fontSize") in ("34px", "27px")  # styled
    with tab.context.expect_page() as opened:
        page.click("#open-report")
    assert shown in opened.value.locator("h1 ~ *, main").first.inner_text()
    with page.expect_download() as saved:
        page.click("[data-path='/levers?format=csv']")
    assert saved.value.suggested_filename == "levers.csv"
    assert Path(saved.value.path()).read_bytes().startswith(b"\xef\xbb\xbf")
    address = page.url
    assert "#std_" in address
    page.reload()
    page.wait_for_selector("#result:visible")
    page.click("#language")
    page.wait_for_selector("#result:visible")
    assert page.locator("html").get_attribute("lang") == ("en" if lang == "zh" else "zh-CN")
    assert page.url.partition("#")[2] == address.partition("#")[2]
    tab.close()


def test_columns_are_proposed_and_corrected_without_sending_the_file_again(tab, plants):
    page = tab.open()
    gb = plants.with_name("工厂.csv.gz")
    text = plants.read_text(encoding="utf-8").replace("plant,month,", "工厂,月份,")
    gb.write_bytes(gzip.compress(text.encode("gb18030")))
    choose(page, gb)
    page.wait_for_selector("#columns option[value='工厂']", state="attached")
    assert (page.input_value("#entity"), page.input_value("#period")) == ("工厂", "月份")
    page.fill("#period", "cycle")
    page.click("#check")
    page.wait_for_selector("#problem:visible")
    page.fill("#period", "月份")
    page.click("#check")
    page.wait_for_selector("#question:visible")
    assert "14 entities × 18 periods × 3 indicators" in page.locator("#panel-facts").inner_text()
    assert [r.method for r in tab.asked if "/v1/panels" in r.url and r.method != "GET"] == ["POST", "PATCH"]


def test_a_panel_that_cannot_be_studied_says_why_and_asks_nothing(tab, plants):
    page = tab.open("/?lang=zh")
    head, *rows = plants.read_text(encoding="utf-8").splitlines()
    once = plants.with_name("once.csv")
    once.write_text("\n".join([head, *(row for row in rows if "2022-01" in row)]) + "\n", encoding="utf-8")
    choose(page, once)
    page.wait_for_selector("#columns option[value='plant']", state="attached")
    page.click("#check")
    page.wait_for_selector("#blocked:visible")
    assert page.locator("#question").is_hidden()
    assert "只有一期数据" in page.locator("#open-findings li.fail").first.inner_text()


def test_what_is_no_table_is_refused_in_the_readers_language(browser, service, tmp_path):
    tab = Tab(browser, service.url)
    page = tab.open("/?lang=zh")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    choose(page, tmp_path / "picture.csv")
    page.click("#check")
    page.wait_for_selector("#problem:visible")
    assert "picture.csv" in page.locator("#problem-what").inner_text()
    assert page.locator("#problem-request code").inner_text().startswith("req_")
    assert page.evaluate("document.activeElement.id") == "problem"
    page.click("#check")
    page.wait_for_selector("#problem:visible")
    tab.close("422")


def test_a_study_that_fails_says_why_and_markup_in_names_stays_text(tab, plants):
    page = tab.open("/?lang=zh")
    evil = "<img src=x onerror=alert(1)>"
    head, *rows = plants.read_text(encoding="utf-8").splitlines()
    flat = plants.with_name(f"{evil}.csv")
    lines = [f"{head.replace('cycle', evil)},flat", *(f"{row},5" for row in rows)]
    flat.write_text("\n".join(lines) + "\n", encoding="utf-8")
    choose(page, flat)
    page.wait_for_selector("#columns option[value='flat']", state="attached")
    page.click("#check")
    page.wait_for_selector("#question:visible")
    assert evil in page.locator("#outcome").inner_text()
    assert evil in page.locator("#file-chosen").inner_text()
    started(page, "flat", 20)
    page.wait_for_selector("#problem:visible")
    assert "flat" in page.locator("#problem").inner_text()
    assert page.locator("#question").is_visible()
    started(page, "satisfaction", 20)
    page.wait_for_selector("#result:visible")
    assert evil in page.locator(".levers").first.inner_text()
    assert page.locator("main img").count() == 0


def test_a_study_is_cancelled_and_another_asked(tab):
    page = tab.open()
    page.click("#example")
    page.wait_for_selector("#question:visible")
    started(page, "satisfaction", 1900)
    page.wait_for_selector("#progress:visible")
    page.click("#cancel")
    page.wait_for_selector("#question:visible")
    assert page.locator("#status").inner_text() == "The study was cancelled."
    page.click(".brand")
    page.wait_for_selector("#studies .cancelled")


def test_a_service_that_goes_and_comes_back(browser, serving, tmp_path):
    """The page waits through a crash of the service and ends with the result."""
    with serving(tmp_path) as first:
        tab = Tab(browser, first.url)
        page = tab.open()
        page.click("#example")
        page.wait_for_selector("#question:visible")
        started(page, "satisfaction", 600)
        page.wait_for_selector("#stages li:nth-child(4)[aria-current]")
        first.kill()
        page.wait_for_selector("#eta:has-text('reconnecting')")
        with serving(tmp_path, first.port):
            page.wait_for_selector("#result:visible", timeout=2 * WAIT)
            tab.close("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY")


def test_with_a_key_that_never_enters_an_address(browser, serving, tmp_path, plants):
    create = [sys.executable, "-m", "causal_service", "apikey", "create", "--workspace", "运营", "--data"]
    key = subprocess.run([*create, str(tmp_path / "data")], capture_output=True, text=True, check=True).stdout.strip()
    with serving(tmp_path, mode="shared") as running:
        tab = Tab(browser, running.url)
        page = tab.open()
        page.wait_for_selector("#connect:visible")
        assert page.locator("#data").is_hidden()
        page.fill("#key", "csk_wrong")
        page.click("#connect-form button")
        page.wait_for_selector("#problem:visible")
        page.fill("#key", key)
        page.keyboard.press("Enter")
        page.wait_for_selector("#data:visible")
        assert page.locator("#workspace").inner_text() == "运营"
        choose(page, plants)
        page.click("#check")
        page.wait_for_selector("#question:visible")
        started(page, "satisfaction", 30)
        page.wait_for_selector("#result:visible")
        assert "satisfaction" in page.frame_locator("#report").locator("h1").inner_text()
        page.reload()
        page.wait_for_selector("#result:visible")
        page.click("#forget")
        page.wait_for_selector("#connect:visible")
        assert page.evaluate("sessionStorage.length") == 0
        assert not [request.url for request in tab.asked if key in request.url]
        tab.close("401")


def test_the_keyboard_is_enough(tab, plants):
    """Every step is reached by Tab alone, and the focus is where the news is."""
    page = tab.open()
    choose(page, plants)
    page.wait_for_selector("#file-chosen:visible")
    page.focus("#period")
    page.keyboard.press("Enter")
    page.wait_for_selector("#question:visible")
    assert page.evaluate("document.activeElement.id") == "findings-title"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "start":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#result:visible")
    assert page.evaluate("document.activeElement.id") == "result-title"
    named = "all => all.filter(one => one.offsetParent && !(one.innerText || one.ariaLabel || one.title)).length"
    assert page.locator("a, button").evaluate_all(named) == 0
