"""The trials of a perceptual study: which clip is shown how, in which order, on which side; drawn from one seed.

SMART (Wang et al., CVPR 2021), section 4.5: Deceitfulness, Naturalness, Indistinguishability. Checks that are
obviously perturbed and unattacked clips among those of Deceitfulness are ours: docs/definitions.md, section 16.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from kinesec import seeding
from kinesec.errors import KinesecError

DECEITFULNESS, NATURALNESS, INDISTINGUISHABILITY = PARTS = ("deceitfulness", "naturalness", "indistinguishability")
ORIGINAL, CHECK = "original", "check"
SAME, CHANGED, CANNOT_TELL = "same", "changed", "cannot_tell"
FORMAT, VERSION = "kinesec study trials", 1


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How many trials a study has; 0 leaves them out.

    ``attacks`` are shown in Deceitfulness (``deceitfulness`` trials, evenly of each; ``controls`` more of unattacked
    clips) and in Indistinguishability (``indistinguishability`` trials, evenly of each and of unattacked clips;
    ``checks`` more of obvious perturbations). The first of them is held against ``ablations`` in Naturalness, on
    ``naturalness`` clips.
    """

    attacks: tuple[str, ...]
    ablations: tuple[str, ...]
    seed: int
    deceitfulness: int
    controls: int
    naturalness: int
    indistinguishability: int
    checks: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One question: the clip of ``row`` in the clips store as ``shown`` from left to right (attacks, or ``ORIGINAL``,
    ``CHECK``), what each answer stands for (``options``), and which answer counts (``counted``, from 1; 0: none does).

    ``condition`` is the attack, ``ORIGINAL`` or ``CHECK`` that the trial is about; of Naturalness it is ``a vs b``.
    """

    id: str
    part: str
    condition: str
    row: int
    shown: tuple[str, ...]
    options: tuple[str, ...]
    counted: int


def draw(won: Mapping[str, Mapping[int, str]], truth: Mapping[int, str], wanted: Wanted) -> list[Trial]:
    """The trials, part by part, each in an order of its own; the same arguments give the same trials.

    ``won`` says of each attack the class that each clip, by row, is taken for after it: clips on which it succeeds
    alone. ``truth`` is each clip's class. A part that lacks clips is shorter, each clip once for each condition. Raises
    ``KinesecError`` where no trial is left.
    """
    drawn = [
        *_ordered(_deceitfulness(won, truth, wanted), DECEITFULNESS, wanted.seed),
        *_ordered(_naturalness(won, wanted), NATURALNESS, wanted.seed),
        *_ordered(_indistinguishability(won, wanted), INDISTINGUISHABILITY, wanted.seed),
    ]
    if not drawn:
        raise KinesecError(
            f"study: found no clip that {' and '.join(wanted.attacks)} attack with success, expected one or more; "
            "name other attacks, or more trials, under `study`"
        )
    return drawn


def _ordered(trials: Sequence[dict[str, Any]], part: str, seed: int) -> list[Trial]:
    order = seeding.generator(seed, "study", part, "order").permutation(len(trials))
    return [Trial(id=f"{part[0]}{place + 1:03d}", part=part, **trials[index]) for place, index in enumerate(order)]


def shares(total: int, count: int) -> list[int]:
    """``total`` in ``count`` parts as equal as can be, the first ones larger."""
    return [total // count + (place < total % count) for place in range(count)]


def _some(rows: Sequence[int], count: int, rng: np.random.Generator) -> list[int]:
    return [int(row) for row in rng.permutation(sorted(rows))[:count]]


def _sides(count: int, rng: np.random.Generator) -> list[bool]:
    """Whether to swap left and right, in half of the cases; of an odd one chance decides."""
    return [bool(side) for side in rng.permutation((np.arange(count) + int(rng.integers(2))) % 2)]


def _cycled(values: Sequence[Any], count: int, rng: np.random.Generator) -> list[Any]:
    """``count`` of the values in random order, each as often as can be."""
    return [values[place] for place in rng.permutation(np.resize(rng.permutation(len(values)), count))]


def _deceitfulness(
    won: Mapping[str, Mapping[int, str]], truth: Mapping[int, str], wanted: Wanted
) -> list[dict[str, Any]]:
    """An attacked clip between its true class and the one that the recognizer takes it for."""
    rng = seeding.generator(wanted.seed, "study", DECEITFULNESS)
    counts = dict(zip(wanted.attacks, shares(wanted.deceitfulness, len(wanted.attacks)), strict=True))
    # an unattacked clip stands between the classes of the first attack that succeeds on it
    taken_for = {row: said for attack in reversed(wanted.attacks) for row, said in won[attack].items()}
    trials = []
    for condition, of in {**{attack: won[attack] for attack in counts}, ORIGINAL: taken_for}.items():
        rows = _some(list(of), counts.get(condition, wanted.controls), rng)
        for row, swap in zip(rows, _sides(len(rows), rng), strict=True):
            options = (of[row], truth[row]) if swap else (truth[row], of[row])
            trials.append(_trial(condition, row, (condition,), options, 2 if swap else 1))
    return trials


def _naturalness(won: Mapping[str, Mapping[int, str]], wanted: Wanted) -> list[dict[str, Any]]:
    """On each clip the first attack beside one of its ablations, then two of the ablations, where there are two."""
    if not wanted.ablations:
        return []
    rng = seeding.generator(wanted.seed, "study", NATURALNESS)
    first = wanted.attacks[0]
    common = set.intersection(*(set(won[name]) for name in (first, *wanted.ablations)))
    rows = _some(list(common), wanted.naturalness, rng)
    pairs = [(first, other) for other in _cycled(wanted.ablations, len(rows), rng)]
    kinds = [pairs]
    if len(wanted.ablations) > 1:
        kinds.append(_cycled([*combinations(wanted.ablations, 2)], len(rows), rng))
    trials = []
    for pairs in kinds:
        for row, pair, swap in zip(rows, pairs, _sides(len(rows), rng), strict=True):
            shown = pair[::-1] if swap else pair
            trials.append(_trial(" vs ".join(pair), row, shown, (*shown, CANNOT_TELL), 0))
    return trials


def _indistinguishability(won: Mapping[str, Mapping[int, str]], wanted: Wanted) -> list[dict[str, Any]]:
    """The original on the left; on the right the same, an attacked one, or an obvious perturbation."""
    rng = seeding.generator(wanted.seed, "study", INDISTINGUISHABILITY)
    every = {row for attack in wanted.attacks for row in won[attack]}
    conditions = (ORIGINAL, *wanted.attacks)
    counts = dict(zip(conditions, shares(wanted.indistinguishability, len(conditions)), strict=True))
    trials = []
    for condition in (*conditions, CHECK):
        rows = _some(list(won.get(condition, every)), counts.get(condition, wanted.checks), rng)
        counted = 2 if condition == CHECK else 1
        trials += [_trial(condition, row, (ORIGINAL, condition), (SAME, CHANGED), counted) for row in rows]
    return trials


def _trial(condition: str, row: int, shown: Sequence[str], options: Sequence[str], counted: int) -> dict[str, Any]:
    return {
        **{"condition": condition, "row": row, "shown": tuple(shown), "options": tuple(options)},
        "counted": counted,
    }


def to_json(trials: Sequence[Trial], about: Mapping[str, Any]) -> str:
    """The trial list as its file holds it, the answers that count among it; ``about`` says of what study."""
    content = {"format": FORMAT, "version": VERSION, **about, "trials": [asdict(trial) for trial in trials]}
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def from_json(text: str) -> tuple[list[Trial], dict[str, Any]]:
    """The trials of a file that ``to_json`` wrote, and what it says of the study."""
    content = json.loads(text)
    rows = content.pop("trials")
    named = [{**row, "shown": tuple(row["shown"]), "options": tuple(row["options"])} for row in rows]
    return [Trial(**row) for row in named], content
