"""The perceptual study in a real browser: answered to its end by keyboard, from disk, and its file read back."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from studies import SETTINGS, make_page

from kinesec.report.study import answers
from kinesec.report.study.trials import from_json

COUNT = sum(SETTINGS["trials"].values()) + SETTINGS["trials"]["naturalness"]
PIXELS = "document.querySelector('#left canvas').toDataURL()"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_page(tmp_path_factory.mktemp("study"))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots are kept."""
    folder = Path(os.environ.get("KINESEC_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def press(browser: Any, key: str) -> None:
    """A key goes down and up, as on a keyboard: what has the focus gets it."""
    code = {" ": ("Space", 32, " "), "1": ("Digit1", 49, "1"), "2": ("Digit2", 50, "2"), "3": ("Digit3", 51, "3")}
    named = {"ArrowLeft": 37, "ArrowDown": 40, "ArrowRight": 39, "Tab": 9}
    name, number, text = code.get(key, (key, named.get(key, 0), ""))
    about = {"key": key, "code": name, "windowsVirtualKeyCode": number}
    browser.call("Input.dispatchKeyEvent", type="keyDown", **about, **({"text": text} if text else {}))
    browser.call("Input.dispatchKeyEvent", type="keyUp", **about)


def until(browser: Any, expression: str, seconds: float = 60) -> None:
    """Waits until an expression is true in the page."""
    ends = time.monotonic() + seconds
    while not browser.value(expression):
        assert time.monotonic() < ends, f"{expression}: still not after {seconds} s"
        time.sleep(0.02)


def agree(browser: Any) -> None:
    """To the first part's instructions, by keyboard alone."""
    assert browser.value("document.querySelector('#begin').disabled")
    press(browser, "Tab")
    assert browser.value("document.activeElement.id") == "consent"
    press(browser, " ")
    press(browser, "Tab")
    assert browser.value("document.activeElement.id") == "begin"
    press(browser, " ")
    until(browser, "!document.querySelector('#instructions').hidden")


def leave(browser: Any) -> bool:
    """Away from the page; whether it asked first, as it does where answers are not saved."""
    browser.events.clear()
    # a call to navigate would wait for the answer to that question, and this one does not
    browser.value("void setTimeout(() => location.assign('about:blank'))")
    asked = False
    while not browser.of("Page.loadEventFired"):
        if not asked and browser.of("Page.javascriptDialogOpening"):
            asked = True
            browser.call("Page.handleJavaScriptDialog", accept=True)
        else:
            browser.events.append(browser._message())
    return asked


@pytest.fixture(autouse=True)
def left(browser: Any) -> Iterator[None]:
    """However a test ends, the next one can open its page."""
    yield
    leave(browser)


ASKING = "!document.querySelector('#answers button').disabled"
SHOWN = "[...document.querySelectorAll('main > section')].find(e => !e.hidden).id"


def answered(browser: Any, keys: Callable[[str, int], str]) -> None:
    """From the first instructions to the end: each question gets the key that ``keys`` says of its text and number."""
    number = 0
    while browser.value(SHOWN) != "end":
        if browser.value(SHOWN) == "instructions":
            press(browser, " ")
        until(browser, f"{SHOWN} === 'trial'")
        assert not browser.value(ASKING)
        press(browser, "1")  # too early: nothing has been seen
        assert browser.value(SHOWN) == "trial"
        press(browser, " ")
        until(browser, ASKING)
        question = browser.value("document.querySelector('#question').textContent")
        press(browser, keys(question, number))
        number += 1
        until(browser, f"{SHOWN} !== 'trial' || document.querySelector('#answers button').disabled")


@pytest.mark.parametrize("width", [390, 1440])
def test_the_whole_study_by_keyboard(browser: Any, page: Path, pictures: Path, tmp_path: Path, width: int) -> None:
    browser.open(page, width=width)
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    agree(browser)
    answered(browser, lambda question, number: ("1", "ArrowRight")[number % 2])
    assert browser.value("document.querySelector('#progress').value") == COUNT
    browser.screenshot(pictures / f"study-end-{width}.png")
    assert browser.value("document.activeElement.id") == "save"
    press(browser, " ")
    until(browser, "document.querySelector('#saved').textContent !== ''")
    ends = time.monotonic() + 30
    while not (files := [path for path in tmp_path.glob("*.json") if path.stat().st_size]):
        assert time.monotonic() < ends
        time.sleep(0.05)
    text = (page.parents[1] / "study_trials.json").read_bytes()
    trials, _ = from_json(text.decode())
    records = answers.read(files, trials, hashlib.sha256(text).hexdigest())
    assert list(records["trial"]) == [trial.id for trial in trials]
    assert set(records["choice"]) == {1, 2}
    assert (records["shown_ms"] >= 1000 * SETTINGS["seconds"]).all()
    twice = records["part"] != "deceitfulness"
    assert (records.loc[twice, "shown_ms"] >= 2000 * SETTINGS["seconds"]).all()
    saved = json.loads(files[0].read_text())
    assert set(saved) == {
        *("format", "version", "page_version", "trials_sha256", "session", "consent", "answers"),
    }
    assert browser.of("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown") == []
    requested = [event["request"]["url"] for event in browser.of("Network.requestWillBeSent")]
    assert requested[0] == page.resolve().as_uri()
    assert all(url.startswith("blob:") for url in requested[1:])


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1440, True)])
def test_every_screen_fits_and_motions_move(browser: Any, page: Path, pictures: Path, width: int, dark: bool) -> None:
    name = f"{width}-{'dark' if dark else 'light'}"
    browser.open(page, width=width, dark=dark)
    fits = "document.documentElement.scrollWidth <= innerWidth"
    large = "[...document.querySelectorAll('button')].filter(e => e.offsetParent).every(e => e.offsetHeight >= 44)"
    assert browser.value(fits)
    browser.screenshot(pictures / f"study-welcome-{name}.png")
    agree(browser)
    browser.screenshot(pictures / f"study-instructions-{name}.png")
    assert browser.value(fits)
    seen = set()
    while browser.value(SHOWN) != "end":
        if browser.value(SHOWN) == "instructions":
            press(browser, " ")
        until(browser, f"{SHOWN} === 'trial'")
        press(browser, " ")
        until(browser, "document.querySelector('#status').textContent.startsWith('Watch')")
        question = browser.value("document.querySelector('#question').textContent")
        if question not in seen:
            seen.add(question)
            first = browser.value(PIXELS)
            until(browser, f"{PIXELS} !== {json.dumps(first)}")
            browser.screenshot(pictures / f"study-part{len(seen)}-{name}.png")
        assert browser.value(fits)
        until(browser, ASKING)
        assert browser.value(f"{fits} && {large}")
        if len(seen) == 1:
            browser.screenshot(pictures / f"study-asking-{name}.png")
        bottom = "document.querySelector('#answers').getBoundingClientRect().bottom <= innerHeight"
        assert browser.value(bottom)  # no need to scroll to answer
        press(browser, "2")
        until(browser, f"{SHOWN} !== 'trial' || document.querySelector('#answers button').disabled")
    assert len(seen) == 3


def test_there_is_no_way_back_and_no_answer_at_a_glance(browser: Any, page: Path) -> None:
    text = page.read_text()
    assert not {"smart", "original", "deceitful", "counted"} & set(text.split("<script>")[0].lower().split('"'))
    browser.open(page, width=1440)
    agree(browser)
    press(browser, " ")
    press(browser, " ")
    until(browser, ASKING)
    press(browser, "1")
    until(browser, "document.querySelector('#answers button').disabled")
    before = browser.value("document.querySelector('#where').textContent")
    for key in ("ArrowLeft", "1", "Backspace"):
        press(browser, key)
    assert browser.value("document.querySelector('#where').textContent") == before
    # and, with an answer that counts, none out without being asked
    press(browser, " ")
    until(browser, ASKING)
    press(browser, "1")
    assert leave(browser)


def test_a_script_that_is_not_the_pages_cannot_run(browser: Any, page: Path, tmp_path: Path) -> None:
    altered = tmp_path / "altered.html"
    altered.write_text(page.read_text().replace("</main>", "<script>document.title = 'run'</script></main>"))
    browser.open(altered, width=1440)
    assert browser.value("document.title") == "How do these motions look?"


def test_names_with_markup_are_text(browser: Any, tmp_path: Path) -> None:
    classes = ["<script>document.title='run'</script>", "\"'&amp;</script>", "\u202eesrever", "k", "run", "walk"]
    page = make_page(tmp_path, classes=classes)
    browser.open(page, width=390)
    agree(browser)
    texts = set()
    while "describes" in (question := browser.value("document.querySelector('#question').textContent")) or not question:
        if browser.value(SHOWN) == "instructions":
            press(browser, " ")
        until(browser, f"{SHOWN} === 'trial'")
        texts |= set(browser.value("[...document.querySelectorAll('#answers button')].map(e => e.firstChild.data)"))
        press(browser, " ")
        until(browser, ASKING)
        press(browser, "1")
        until(browser, f"{SHOWN} !== 'trial' || document.querySelector('#answers button').disabled")
        if browser.value(SHOWN) == "instructions":
            break
    assert texts & set(classes[:3])
    assert browser.value("document.title") == "How do these motions look?"
    assert browser.of("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown") == []
