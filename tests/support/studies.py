"""A small perceptual study of made-up clips, and simulated subjects whose answers are known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import recognition_clips

from kinesec.report.study import page
from kinesec.report.study.trials import Trial, Wanted, draw, to_json
from kinesec.samples.adversarial import Adversarial
from kinesec.samples.clips import clips

SETTINGS: dict[str, Any] = {
    "dataset": "made_up",
    "recognizer": "sgn",
    "attacks": ["smart"],
    "ablations": ["l2", "l2_acc"],
    "seed": 0,
    "trials": {"deceitfulness": 3, "controls": 1, "naturalness": 2, "indistinguishability": 4, "checks": 1},
    "seconds": 0.12,
    "slower": 3,
    "consent": None,
}
LABELS = {"smart": "SMART", "l2": "SMART, l2", "l2_acc": "SMART, l2+acc"}
SHA256 = "ab" * 32


def wanted(**changes: Any) -> Wanted:
    """Settings as the trial list takes them: two attacks and three ablations unless changed."""
    given = {
        **{"attacks": ("smart", "iaa"), "ablations": ("l2", "l2_acc", "l2_bone"), "seed": 0},
        **{"deceitfulness": 20, "controls": 6, "naturalness": 12, "indistinguishability": 30, "checks": 5},
    }
    return Wanted(**{**given, **changes})


def made_trials(**changes: Any) -> list[Trial]:
    """A trial list over 40 clips of four classes, all of which every attack wins."""
    truth = {row: f"class{row % 4}" for row in range(40)}
    named = wanted(**changes)
    said = {row: f"class{(row + 1) % 4}" for row in truth}
    return draw(dict.fromkeys((*named.attacks, *named.ablations), said), truth, named)


def saved(
    folder: Path,
    trials: Sequence[Trial],
    choose: Callable[[Trial], int],
    *,
    number: int = 0,
    sha256: str = SHA256,
    **changes: Any,
) -> Path:
    """A subject's file, as the page saves it: ``choose`` answers each trial; ``changes`` replace keys."""
    content = {
        "format": "kinesec study answers",
        "version": 1,
        "page_version": "0123456789ab",
        "trials_sha256": sha256,
        "session": f"{number:032x}",
        "consent": True,
        "answers": [
            {"trial": trial.id, "choice": choose(trial), "shown_ms": 6000, "answer_ms": 1000 * (number + 1)}
            for trial in trials
        ],
    }
    path = folder / f"answers-{number}.json"
    path.write_text(json.dumps({**content, **changes}), "utf-8")
    return path


def make_page(folder: Path, classes: Sequence[str] = ("bow", "jump", "kick", "run", "walk", "wave")) -> Path:
    """A study's page in ``folder``/study and its trial list beside that folder; every attack wins every clip."""
    path = recognition_clips.write_clips(folder / "clips.zarr", {"train": 6, "test": 12}, classes=tuple(classes))
    test = clips.load(path, "test")
    rng = np.random.default_rng(0)
    attacks = {}
    for name, size in (("smart", 0.01), ("l2", 0.05), ("l2_acc", 0.03)):
        moved = test.normalised + size * rng.normal(size=test.position.shape) * test.present[..., None, None]
        count = np.zeros(len(test), np.int64)
        attacks[name] = Adversarial(
            position=moved.astype(np.float32),
            row=test.row,
            label=test.label,
            **dict.fromkeys(("target", "claimed", "iterations", "queries", "class_loss", "perceptual_loss"), count),
        )
    truth = {int(row): test.classes[int(label)] for row, label in zip(test.row, test.label, strict=True)}
    said = {row: next(name for name in test.classes if name != of) for row, of in truth.items()}
    named = Wanted(attacks=("smart",), ablations=("l2", "l2_acc"), seed=SETTINGS["seed"], **SETTINGS["trials"])
    trials = draw(dict.fromkeys(attacks, said), truth, named)
    text = to_json(trials, {"settings": SETTINGS, "labels": LABELS})
    (folder / "study_trials.json").write_text(text, "utf-8")
    html = page.build(
        trials,
        test,
        attacks,
        trials_sha256=hashlib.sha256(text.encode()).hexdigest(),
        **{key: SETTINGS[key] for key in ("seed", "seconds", "slower")},
    )
    (folder / "study").mkdir()
    (folder / "study/index.html").write_text(html, "utf-8")
    return folder / "study/index.html"
