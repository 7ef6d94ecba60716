"""The report in a real browser, opened from disk without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe import findings
from big_run import make_big_report
from report_run import hostile, make_report

HEADINGS = [
    "Run real",
    "What this run shows",
    "Motion, clean and attacked",
    "Backdoors on motion prediction",
    "Attacks on recognition, and their transfer",
    "Attacks on labels alone",
    "Robustness of defended recognizers",
    "Backdoors on recognizers and video networks",
    "Published numbers",
    "Definitions",
    "What was not run or left out",
    "Provenance",
]
WIDTHS = [390, 1440]
SORTED = """(table, column) => [...document.querySelectorAll(`#${table} tbody`)].map(body =>
    [...body.rows].filter(row => !row.hidden && !row.classList.contains("group"))
        .map(row => row.cells[column].textContent.trim()))"""
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


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_big_report(tmp_path_factory.mktemp("big"))


def shown(browser: Any, table: str, column: int) -> list[str]:
    """The cells of a column that are seen, from top to bottom."""
    parts: list[list[str]] = browser.value(f"({SORTED})({table!r}, {column})")
    return [cell for part in parts for cell in part]


def number(cell: str) -> float:
    return float(cell.partition(" ")[0].replace(",", "").replace("\u2212", "-"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True])
def test_it_opens_without_errors_requests_or_sideways_scrolling(
    browser: Any, page: Path, width: int, dark: bool, screenshots: Path
) -> None:
    browser.open(page, width=width, dark=dark)
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth") <= width
    browser.value("document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })")
    browser.awaited("Promise.all([...document.images].map(image => image.decode()))")
    shade = "dark" if dark else "light"
    for name in ("verdicts", "prediction"):
        browser.value(f"document.getElementById({name!r}).scrollIntoView()")
        browser.screenshot(screenshots / f"{name}-{width}-{shade}.png", whole=False)
    browser.screenshot(screenshots / f"page-{width}-{shade}.png")
    assert (screenshots / f"page-{width}-{shade}.png").stat().st_size > 50_000
    assert browser.of("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown") == []
    requested = [event["request"]["url"] for event in browser.of("Network.requestWillBeSent")]
    assert requested[0] == page.resolve().as_uri()
    folder = page.resolve().parents[1].as_uri()
    assert len(requested) > 1
    assert all(url.startswith(f"{folder}/figures/") for url in requested[1:])
    assert browser.of("Network.loadingFailed") == []


def test_headings_and_figures_are_there(browser: Any, page: Path) -> None:
    browser.open(page, width=1440)
    assert browser.value("[...document.querySelectorAll('h1, h2')].map(e => e.textContent)") == HEADINGS
    assert browser.value("document.images.length") == 1
    # the page keeps the figure's place before it is there
    browser.value("document.images[0].scrollIntoView()")
    before = browser.value("document.documentElement.scrollHeight")
    browser.awaited("document.images[0].decode()")
    assert browser.value("document.images[0].naturalWidth > 100")
    # within the rounding of a size in points
    assert abs(browser.value("document.documentElement.scrollHeight") - before) <= 2


def test_nothing_wider_than_the_page_is_out_of_reach(browser: Any, page: Path) -> None:
    browser.open(page, width=390)
    lost = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, nav ul, pre, .skip')
        && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"""
    assert browser.value(lost) == []
    assert browser.value("getComputedStyle(document.querySelector('nav ul')).overflowX") == "auto"
    wide = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
    assert browser.value(f"{wide}.length") > 0
    assert browser.value(f"{wide}.every(e => e.tabIndex === 0 && e.getAttribute('aria-label'))")


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_background(browser: Any, page: Path, dark: bool) -> None:
    browser.open(page, width=1440, dark=dark)
    contrasts = browser.value(CONTRASTS)
    assert len(contrasts) > 200
    assert [told for told in contrasts if told[0] < 4.5] == []


def test_the_dark_page_is_dark_and_the_printed_one_is_not(browser: Any, page: Path) -> None:
    browser.open(page, width=1440, dark=True)
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
    browser.open(altered, width=1440)
    assert browser.value("document.title") == "kinesec report: real"
    assert "Content Security Policy" in str(browser.of("Log.entryAdded"))


def test_numbers_of_the_first_table_are_seen_on_a_phone_without_scrolling_sideways(browser: Any, page: Path) -> None:
    browser.open(page, width=390)
    seen = """[...document.querySelector('main table').querySelectorAll('tbody tr:not(.group) td')]
        .filter(e => e.getBoundingClientRect().left > 0 && e.getBoundingClientRect().right < innerWidth)
        .map(e => e.textContent)"""
    assert len([cell for cell in browser.value(seen) if any(character.isdigit() for character in cell)]) >= 2


def test_a_big_run_is_ready_in_two_seconds_and_so_is_a_sort(browser: Any, big: Path) -> None:
    browser.open(big, width=390)
    assert browser.value("performance.timing.domInteractive - performance.timing.navigationStart") < 2000
    assert browser.value("document.querySelectorAll('tbody tr').length") > 1000
    clicked = """(() => { const start = performance.now(); document.querySelector('#paper-numbers .sort').click();
        document.body.offsetHeight; return performance.now() - start; })()"""
    assert browser.value(clicked) < 2000


def test_a_column_is_sorted_by_value_with_the_keyboard_and_back(browser: Any, big: Path) -> None:
    browser.open(big, width=1440)
    browser.value("document.querySelector('#matrix th[data-column=\"1\"] button').focus()")
    state = "document.querySelector('#matrix th[data-column=\"1\"]').getAttribute('aria-sort')"
    assert browser.value(state) is None
    for wanted, back in (("ascending", False), ("descending", True)):
        browser.press("Enter", text="\r")
        assert browser.value(state) == wanted
        for part in browser.value(f"({SORTED})('matrix', 1)"):  # rows stay under the heading of their group
            values = [number(cell) for cell in part]
            assert len(values) == 6
            assert values == sorted(values, reverse=back)
    browser.value("document.querySelector('#matrix th[data-column=\"0\"] button').click()")
    assert browser.value("document.querySelectorAll('#matrix [aria-sort]').length") == 1


def test_rows_are_filtered_by_text_and_counted(browser: Any, big: Path) -> None:
    browser.open(big, width=1440)
    controls = "document.querySelector('#matrix').closest('.scroll').previousElementSibling"
    assert len(shown(browser, "matrix", 0)) == 12
    browser.value(f"{controls}.querySelector('input').focus()")
    browser.type("HRI moving")
    names = shown(browser, "matrix", 0)
    assert len(names) == 3  # the heading of a row's group counts, too
    assert all("moving" in name for name in names)
    assert browser.value(f"{controls}.querySelector('output').textContent") == "3 of 12 rows"
    browser.type(" nothing is called so")
    assert shown(browser, "matrix", 0) == []
    assert browser.value("[...document.querySelectorAll('#matrix tbody')].every(body => body.hidden)")


def test_published_numbers_are_chosen_by_paper_data_set_and_model(browser: Any, page: Path) -> None:
    browser.open(page, width=1440)
    selects = "[...document.querySelector('#paper-numbers').closest('.scroll').previousElementSibling" + (
        ".querySelectorAll('select')]"
    )
    titles = browser.value(f"{selects}.map(select => select.parentElement.firstChild.textContent.trim())")
    assert titles == ["Paper", "Data set", "Model", "Verdict"]
    every = len(shown(browser, "paper-numbers", 0))
    browser.value(f"(select => {{ select.value = select.options[1].value; select.dispatchEvent(new Event('change')) }})"
                  f"({selects}[0])")  # fmt: skip
    assert 0 < len(shown(browser, "paper-numbers", 0)) < every
    papers = browser.value(f"{selects}[0].value")
    column = browser.value("document.querySelector('#paper-numbers').dataset.choices.split(' ')[0]")
    assert set(shown(browser, "paper-numbers", int(column))) == {papers}


def test_without_scripts_the_page_is_whole(browser: Any, page: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page, width=390)
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.value("document.querySelectorAll('button, input, [hidden]').length") == 0
    assert browser.value("document.querySelectorAll('tbody tr').length") > 50


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(browser: Any, page: Path, width: int, dark: bool) -> None:
    browser.open(page, width=width, dark=dark)
    assert findings(browser) == []


def test_contents_are_at_hand_on_a_phone(browser: Any, page: Path) -> None:
    browser.open(page, width=390)
    browser.value("document.getElementById('papers').scrollIntoView()")
    place = "document.querySelector('nav').getBoundingClientRect()"
    assert browser.value(f"{place}.top") == 0
    assert browser.value(f"{place}.height") < 64
    assert browser.value("document.getElementById('papers').getBoundingClientRect().top") >= browser.value(
        f"{place}.bottom"
    )


def test_whatever_strangers_wrote_runs_nowhere_and_turns_nothing(browser: Any, tmp_path: Path) -> None:
    browser.open(hostile(tmp_path), width=390)
    assert browser.value("document.scripts.length") == 1
    assert browser.of("Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Network.loadingFailed") == []
    assert browser.value("document.documentElement.scrollWidth") <= 390
    assert browser.value("document.body.textContent.includes(\"<script>alert('x')</script>\")")
    assert not browser.value("/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.documentElement.outerHTML)")
    assert browser.value("document.querySelectorAll('select option').length") > 0
