"""The report in a real browser, opened from disk without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from report_run import make_report

HEADINGS = [
    "Run real",
    "Results",
    "Figures",
    "By action",
    "Near misses",
    "Stealth",
    "Published numbers",
    "Definitions",
    "What was left out",
    "Provenance",
]
# Contrast of WCAG 2.1 between an element's text and the first background that is not transparent behind it
CONTRASTS = """
(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .map(e => {
      const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
      return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.textContent.trim().slice(0, 40)];
    });
})()
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_report(tmp_path_factory.mktemp("run"))


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_opens_without_errors_requests_or_sideways_scrolling(
    browser: Any, page: Path, width: int, dark: bool, tmp_path: Path
) -> None:
    browser.open(page, width=width, dark=dark)
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth") <= width
    browser.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 50_000
    assert browser.of("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown") == []
    requested = [event["request"]["url"] for event in browser.of("Network.requestWillBeSent")]
    assert requested[0] == page.resolve().as_uri()
    assert all(url.startswith("data:image/svg+xml") for url in requested[1:])
    assert browser.of("Network.loadingFailed") == []


def test_headings_and_figures_are_there(browser: Any, page: Path) -> None:
    browser.open(page, width=1280)
    assert browser.value("[...document.querySelectorAll('h1, h2')].map(e => e.textContent)") == HEADINGS
    assert browser.value("[...document.images].every(i => i.complete && i.naturalWidth > 100)")
    assert browser.value("document.images.length") == 1


def test_nothing_wider_than_the_page_is_out_of_reach(browser: Any, page: Path) -> None:
    browser.open(page, width=390)
    lost = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, pre, .skip')
        && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"""
    assert browser.value(lost) == []
    wide = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
    assert browser.value(f"{wide}.length") > 0
    assert browser.value(f"{wide}.every(e => e.tabIndex === 0 && e.getAttribute('aria-label'))")


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_background(browser: Any, page: Path, dark: bool) -> None:
    browser.open(page, width=1280, dark=dark)
    contrasts = browser.value(CONTRASTS)
    assert len(contrasts) > 200
    assert [told for told in contrasts if told[0] < 4.5] == []


def test_the_dark_page_is_dark_and_the_printed_one_is_not(browser: Any, page: Path) -> None:
    browser.open(page, width=1280, dark=True)
    background = "getComputedStyle(document.body).backgroundColor"
    dark = browser.value(background)
    scheme = {"name": "prefers-color-scheme", "value": "dark"}
    browser.call("Emulation.setEmulatedMedia", media="print", features=[scheme])
    assert browser.value(background) == "rgb(255, 255, 255)" != dark
    assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"


def test_tables_fit_a_printed_page(browser: Any, page: Path) -> None:
    browser.open(page, width=680)  # A4 less its margins
    browser.call("Emulation.setEmulatedMedia", media="print", features=[])
    wide = "[...document.querySelectorAll('table')].filter(e => e.getBoundingClientRect().right > 681).map(e => e.id)"
    assert browser.value(wide) == []


def test_a_script_in_a_figure_or_the_page_cannot_run(browser: Any, page: Path, tmp_path: Path) -> None:
    text = page.read_text().replace("</main>", "<script>document.title = 'run'</script></main>")
    altered = tmp_path / "altered.html"
    altered.write_text(text)
    browser.open(altered, width=1280)
    assert browser.value("document.title") == "kinesec report: real"
