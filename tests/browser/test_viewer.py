"""The skeleton viewer in a real browser, opened from disk: what is drawn, what moves it, and how long that takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_run import facts
from shown_motions import HOSTILE, clip, window

from kinesec.report.page import build

SETTLE = "new Promise(go => requestAnimationFrame(() => requestAnimationFrame(() => go(1))))"
PIXELS = "[...document.querySelectorAll('.viewer canvas')].map(c => c.width ? c.toDataURL() : '')"
VIEW = "document.querySelector('.viewer-view canvas').toDataURL()"
TIMER = """
window.spent = [];
const plain = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = work => plain(now => {
  const start = performance.now(); work(now); window.spent.push(performance.now() - start);
});
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("viewer")
    stores = {
        "An attack": [clip(folder / "clip.zarr")],
        "A prediction": [window(folder / "window.zarr")],
        HOSTILE: [clip(folder / "evil.zarr", joints=12, attack=HOSTILE, said=HOSTILE)],
    }
    build(folder / "index.html", run="demo", tables={}, figures={}, facts=facts(), scenes=stores)
    return folder / "index.html"


@pytest.fixture
def still(browser: Any, page: Path) -> Iterator[Any]:
    """The page for someone who wants no motion, at 1440 px."""
    yield reduced(browser, page, 1440)
    browser.call("Emulation.setEmulatedMedia", media="", features=[])


def reduced(browser: Any, page: Path, width: int, *, dark: bool = False) -> Any:
    browser.open(page, width=width, dark=dark)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    calm = {"name": "prefers-reduced-motion", "value": "reduce"}
    browser.call("Emulation.setEmulatedMedia", media="", features=[scheme, calm])
    browser.events.clear()
    browser.call("Page.reload")
    while not any(event.get("method") == "Page.loadEventFired" for event in browser.events):
        browser.events.append(browser._message())
    browser.value("document.querySelector('#viewer-stage').scrollIntoView()")
    settle(browser)
    return browser


def settle(browser: Any) -> None:
    browser.call("Runtime.evaluate", expression=SETTLE, awaitPromise=True)


def press(browser: Any, key: str, code: str, text: str = "") -> None:
    known = {"key": key, "code": code, "windowsVirtualKeyCode": {"Space": 32, "ArrowRight": 39, "Tab": 9}.get(code, 0)}
    browser.call("Input.dispatchKeyEvent", type="keyDown", text=text, **known)
    browser.call("Input.dispatchKeyEvent", type="keyUp", **known)
    settle(browser)


def change(browser: Any, name: str, value: str, event: str) -> None:
    browser.value(
        f"(() => {{ const e = document.getElementById('viewer-{name}'); e.value = '{value}';"
        f" e.dispatchEvent(new Event('{event}')); }})()"
    )
    settle(browser)


def mouse(browser: Any, kind: str, x: float, y: float, **more: Any) -> None:
    browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)


def middle(browser: Any) -> tuple[float, float]:
    x, y = browser.value(
        "(() => { const b = document.querySelector('.viewer-view canvas').getBoundingClientRect();"
        " return [b.left + b.width / 2, b.top + b.height / 2]; })()"
    )
    return x, y


def frame(browser: Any) -> int:
    return int(browser.value("+document.getElementById('viewer-frame').value"))


def quiet(browser: Any, page: Path) -> None:
    assert browser.of("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown") == []
    requested = [event["request"]["url"] for event in browser.of("Network.requestWillBeSent")]
    assert requested == [page.resolve().as_uri()]


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("dark", [False, True])
def test_every_motion_is_drawn_without_errors_or_requests(
    browser: Any, page: Path, width: int, dark: bool, tmp_path: Path
) -> None:
    reduced(browser, page, width, dark=dark)
    drawn = []
    for place, value in enumerate(
        browser.value("[...document.querySelectorAll('#viewer-motion option')].map(o => o.value)")
    ):
        change(browser, "motion", value, "change")
        change(browser, "frame", "8", "input")
        drawn.append(browser.value(VIEW))
        browser.screenshot(tmp_path / f"{width}-{dark}-{place}.png")
        assert browser.value("document.documentElement.scrollWidth") <= width
    assert len(set(drawn)) == len(drawn) == 6
    quiet(browser, page)
    browser.call("Emulation.setEmulatedMedia", media="", features=[])


def test_it_plays_by_itself_and_stops_when_told(browser: Any, page: Path) -> None:
    browser.open(page, width=1440)
    browser.value("document.querySelector('#viewer-stage').scrollIntoView()")
    label = "document.getElementById('viewer-play').textContent"
    until = time.monotonic() + 20
    while browser.value(label) != "Pause" and time.monotonic() < until:
        settle(browser)
    assert browser.value(label) == "Pause"
    change(browser, "speed", "0.5", "change")
    seen = set()
    while len(seen) < 4 and time.monotonic() < until:
        settle(browser)
        seen.add(tuple(browser.value(PIXELS)))
    assert len(seen) >= 4
    browser.value("document.getElementById('viewer-play').click()")
    settle(browser)
    paused = browser.value(PIXELS)
    time.sleep(0.5)
    settle(browser)
    assert browser.value(PIXELS) == paused
    assert browser.value(label) == "Play"
    quiet(browser, page)


def test_it_does_not_start_by_itself_where_motion_is_not_wanted(still: Any) -> None:
    before = still.value(PIXELS)
    time.sleep(0.5)
    settle(still)
    assert still.value(PIXELS) == before
    assert still.value("document.getElementById('viewer-play').textContent") == "Play"


def test_each_control_changes_what_is_seen(still: Any) -> None:
    seen = [still.value(VIEW)]

    def fresh() -> None:
        settle(still)
        picture = still.value(VIEW)
        assert picture not in seen
        seen.append(picture)

    change(still, "frame", "20", "input")
    fresh()
    words = still.value("document.querySelector('#viewer-time').textContent")
    assert words == "frame 21 of 48, 0.67 s"
    still.value("document.getElementById('viewer-overlay').click()")
    fresh()
    still.value("document.getElementById('viewer-tint').click()")
    fresh()
    assert still.value("document.getElementById('viewer-legend').hidden")
    for turn in ("left", "up", "in"):
        still.value(f"document.querySelector('[data-turn={turn}]').click()")
        fresh()
    still.value("document.querySelector('[data-turn=back]').click()")
    settle(still)
    assert still.value(VIEW) == seen[3]


def test_a_drag_turns_and_the_wheel_zooms_once_the_view_is_clicked(still: Any) -> None:
    x, y = middle(still)
    first = still.value(VIEW)
    mouse(still, "mouseWheel", x, y, deltaX=0, deltaY=-200)
    settle(still)
    still.value("document.querySelector('#viewer-stage').scrollIntoView()")
    settle(still)
    assert still.value(VIEW) == first, "the wheel belongs to the page"
    x, y = middle(still)
    mouse(still, "mousePressed", x, y, button="left", buttons=1, clickCount=1)
    mouse(still, "mouseMoved", x + 60, y + 10, button="left", buttons=1)
    mouse(still, "mouseReleased", x + 60, y + 10, button="left", clickCount=1)
    settle(still)
    turned = still.value(VIEW)
    assert turned != first
    assert still.value("document.activeElement.id") == "viewer-stage"
    mouse(still, "mouseWheel", x, y, deltaX=0, deltaY=-200)
    settle(still)
    assert still.value(VIEW) != turned


def test_fingers_turn_and_pinch(still: Any) -> None:
    x, y = middle(still)
    pictures = [still.value(VIEW)]
    for points in ([(0, 0), (40, 0)], [(-30, 0, 30, 0), (-80, 0, 80, 0)]):
        for number, offsets in enumerate(points):
            pairs = [(x + a, y + b) for a, b in zip(offsets[::2], offsets[1::2], strict=True)]
            kind = "pointermove" if number else "pointerdown"
            still.value(
                "(() => { const c = document.querySelector('.viewer-view canvas'); c.setPointerCapture = () => {};"
                + "".join(
                    f"c.dispatchEvent(new PointerEvent('{kind}', {{bubbles: true, pointerId: {finger + 9},"
                    f" pointerType: 'touch', clientX: {a}, clientY: {b}}}));"
                    for finger, (a, b) in enumerate(pairs)
                )
                + "})()"
            )
        for finger in range(2):
            still.value(
                "document.querySelector('.viewer-view canvas').dispatchEvent("
                f"new PointerEvent('pointerup', {{bubbles: true, pointerId: {finger + 9}}})), 0"
            )
        settle(still)
        pictures.append(still.value(VIEW))
    assert len(set(pictures)) == 3


def test_everything_is_reached_and_done_by_keys(still: Any) -> None:
    still.value("document.getElementById('viewer-motion').focus()")
    reached = []
    for _ in range(14):
        press(still, "Tab", "Tab")
        reached.append(still.value("document.activeElement.id || document.activeElement.dataset.turn"))
    named = ["stage", "play", "frame", "speed", "overlay", "tint"]
    assert reached[:13] == [
        *(f"viewer-{name}" for name in named),
        *("left", "right", "up", "down", "in", "out", "back"),
    ]
    still.value("document.getElementById('viewer-stage').focus()")
    first = still.value(VIEW)
    press(still, "ArrowRight", "ArrowRight")
    turned = still.value(VIEW)
    press(still, "+", "Equal", "+")
    near = still.value(VIEW)
    assert len({first, turned, near}) == 3
    press(still, "0", "Digit0", "0")
    assert still.value(VIEW) == first
    press(still, " ", "Space", " ")
    assert still.value("document.getElementById('viewer-play').textContent") == "Pause"
    press(still, " ", "Space", " ")
    still.value("document.getElementById('viewer-frame').focus()")
    before = frame(still)
    press(still, "ArrowRight", "ArrowRight")
    assert frame(still) == before + 1


def test_controls_have_names(still: Any) -> None:
    nameless = """['button', 'input', 'select', 'canvas', '[tabindex]']
        .flatMap(kind => [...document.querySelectorAll('.viewer ' + kind)])
        .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length)))
        .map(e => e.outerHTML)"""
    unlabelled = """[...document.querySelectorAll('.viewer input, .viewer select')].filter(e => !e.labels.length)
        .map(e => e.outerHTML)"""
    assert still.value(nameless) == still.value(unlabelled) == []


def test_a_click_on_a_curve_goes_to_its_frame(still: Any) -> None:
    box = "document.getElementById('viewer-bones').getBoundingClientRect()"
    still.value("document.getElementById('viewer-bones').scrollIntoView({block: 'center'})")
    left, top, width = still.value(f"[{box}.left, {box}.top, {box}.width]")
    mouse(still, "mousePressed", left + 38 + (width - 46) * 30 / 47, top + 40, button="left", buttons=1, clickCount=1)
    mouse(still, "mouseReleased", left + 38 + (width - 46) * 30 / 47, top + 40, button="left", clickCount=1)
    settle(still)
    assert frame(still) == 30


def test_speed_is_that_of_the_clock(browser: Any, page: Path) -> None:
    """Each drawing's time is the page's own, so a slow machine draws less often and no slower."""
    reduced(browser, page, 1440)
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    passed = {}
    for speed in ("0.1", "0.5"):
        change(browser, "frame", "0", "input")
        change(browser, "speed", speed, "change")
        browser.value("document.getElementById('viewer-play').click()")
        time.sleep(1.2)
        browser.value("document.getElementById('viewer-play').click()")
        settle(browser)
        passed[speed] = frame(browser)
    assert 1 <= passed["0.1"] <= 8
    assert passed["0.5"] > 2 * passed["0.1"]


def test_names_are_text(still: Any) -> None:
    change(still, "motion", "2.0", "change")
    names = still.value("[...document.querySelectorAll('.viewer-view:not([hidden]) bdi')].map(e => e.textContent)")
    assert names == ["Clean", "Recognizer says: walk", f"Attacked: {HOSTILE}", f"Recognizer says: {HOSTILE}"]
    assert still.value("document.getElementById('viewer-title').textContent") == HOSTILE
    assert still.value("document.title") == "kinesec report: demo"
    assert still.value("document.images.length") == 0


def test_fifty_joints_twice_are_drawn_in_a_fraction_of_a_frame(browser: Any, page: Path) -> None:
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=TIMER)["identifier"]
    try:
        reduced(browser, page, 1440)
        browser.value("document.getElementById('viewer-play').click()")
        until = time.monotonic() + 30
        while browser.value("spent.length") < 90 and time.monotonic() < until:
            time.sleep(0.3)
        spent = browser.value("spent")
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
        browser.call("Emulation.setEmulatedMedia", media="", features=[])
    assert len(spent) >= 90
    assert statistics.median(spent) < 8, sorted(spent)[:: len(spent) // 10]
