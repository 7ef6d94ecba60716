"""The study's page: one HTML file that asks a trial list's questions, offline, and saves the answers as a file."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kinesec import seeding
from kinesec.report.format import pretty
from kinesec.report.policy import digest
from kinesec.report.study.motion import bones, jittered, quantised, upright
from kinesec.report.study.trials import CHECK, NATURALNESS, ORIGINAL, PARTS, Trial
from kinesec.samples.adversarial import Adversarial
from kinesec.samples.clips.clips import Clips

CONSENT = (
    "I take part of my own free will. I can stop at any time by closing this page. "
    "Nothing is sent anywhere: my answers leave this page only as the file that I save at its end."
)
OF_NATURALNESS = ("The left one", "The right one", "I cannot tell")
OF_PAIRS = ("It is the same", "It is changed")
PRACTICE = "practice"


def build(
    trials: Sequence[Trial],
    clips: Clips,
    attacks: Mapping[str, Adversarial],
    *,
    trials_sha256: str,
    seed: int,
    seconds: float,
    slower: float,
    consent: str | None = None,
) -> str:
    """The page; the same arguments give the same text.

    ``clips`` are those of the trials and more, ``attacks`` hold the attacked clips by name. Motions play for
    ``seconds``: in Naturalness twice, in Indistinguishability once more at 1 / ``slower`` of their speed.
    ``trials_sha256`` goes into the answers, whose reader asks for it.
    """
    practices = _practices(trials, clips)
    shown = sorted({(trial.row, name) for trial in (*trials, *practices) for name in trial.shown})
    places = {key: int(place) for key, place in zip(shown, _shuffled(len(shown), seed), strict=True)}
    environment = Environment(
        loader=PackageLoader("kinesec.report.study", ""), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    assert environment.loader is not None
    script, style, template = (
        environment.loader.get_source(environment, f"study.{end}")[0] for end in ("js", "css", "html.j2")
    )
    version = hashlib.sha256("\0".join((script, style, template)).encode()).hexdigest()[:12]
    parts = [_part(part, trials, practices, places, seconds, slower) for part in PARTS]
    listed = {
        "page_version": version,
        "trials_sha256": trials_sha256,
        "frame_ms": 1000.0 / clips.fps,
        "parts": [part for part in parts if part["trials"]],
    }
    return environment.get_template("study.html.j2").render(
        script=Markup(script),
        style=Markup(style),
        script_hash=digest(script),
        style_hash=digest(style),
        motions=Markup(_plain(_motions(places, clips, attacks, seed))),
        # so that nobody reads an answer in passing; whoever decodes it can
        trials=base64.b64encode(_plain(listed).encode()).decode(),
        consent=consent or CONSENT,
        count=len(trials),
        version=version,
        trials_sha256=trials_sha256,
    )


def _plain(content: Any) -> str:
    """JSON that ends no element of a page."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")


def _shuffled(count: int, seed: int) -> np.ndarray:
    return seeding.generator(seed, "study", "places").permutation(count)


def _practices(trials: Sequence[Trial], clips: Clips) -> list[Trial]:
    """One trial a part that nobody counts, on a clip that no trial shows where there is one, original or jittered."""
    used = {trial.row for trial in trials}
    rows = [int(row) for row in clips.row]
    row = next((row for row in rows if row not in used), rows[0])
    truth = clips.classes[int(clips.label[rows.index(row)])]
    other = next((name for name in clips.classes if name != truth), truth)
    shown = {PARTS[0]: (ORIGINAL,), PARTS[1]: (CHECK, ORIGINAL), PARTS[2]: (ORIGINAL, CHECK)}
    counted = {PARTS[0]: 2, PARTS[1]: 2, PARTS[2]: 2}
    return [
        Trial(
            id=PRACTICE,
            part=part,
            condition=PRACTICE,
            row=row,
            shown=shown[part],
            options=(other, truth),
            counted=counted[part],
        )
        for part in dict.fromkeys(trial.part for trial in trials)
    ]


def _part(
    part: str,
    trials: Sequence[Trial],
    practices: Sequence[Trial],
    places: Mapping[tuple[int, str], int],
    seconds: float,
    slower: float,
) -> dict[str, Any]:
    """What the page has of a part: how motions ``play`` (seconds, speed), and what it asks of which motions."""

    def asked(trial: Trial) -> dict[str, Any]:
        labels = tuple(pretty(option) for option in trial.options)
        texts = {PARTS[0]: labels, PARTS[1]: OF_NATURALNESS, PARTS[2]: OF_PAIRS}[part]
        return {
            "id": trial.id,
            "motions": [places[trial.row, name] for name in trial.shown],
            "options": list(texts),
        }

    once = [seconds, 1.0]
    play = {PARTS[0]: [once], NATURALNESS: [once, once], PARTS[2]: [once, [seconds, 1.0 / slower]]}[part]
    practice = [{**asked(trial), "expected": trial.counted} for trial in practices if trial.part == part]
    return {
        **{"part": part, "play": play, "practice": practice},
        "trials": [asked(trial) for trial in trials if trial.part == part],
    }


def _motions(
    places: Mapping[tuple[int, str], int], clips: Clips, attacks: Mapping[str, Adversarial], seed: int
) -> dict[str, Any]:
    """All motions in the order of their places, which tells nothing of them, and the bones of each."""
    motions: dict[int, dict[str, Any]] = {}
    trees: list[list[list[int]]] = []
    for row in sorted({row for row, _ in places}):
        clip = clips.take_rows(np.array([int(np.searchsorted(clips.row, row))]))
        original = upright(clip, clip.normalised)
        names = [name for of, name in places if of == row]
        positions = {name: _shown(name, row, clip, original, attacks, seed) for name in names}
        tree = bones(clip)
        if tree not in trees:
            trees.append(tree)
        for name, motion in quantised(positions, original).items():
            motions[places[row, name]] = {**motion, "joints": original.shape[1], "tree": trees.index(tree)}
    return {"trees": trees, "motions": [motions[place] for place in range(len(motions))]}


def _shown(
    name: str, row: int, clip: Clips, original: np.ndarray, attacks: Mapping[str, Adversarial], seed: int
) -> np.ndarray:
    if name == ORIGINAL:
        return original
    if name == CHECK:
        return jittered(original, seeding.generator(seed, "study", CHECK, row))
    attacked = attacks[name]
    here = int(np.searchsorted(attacked.row, row))
    return upright(clip, attacked.position[here : here + 1])
