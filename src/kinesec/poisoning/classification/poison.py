"""One backdoor on classifiers: which trigger, towards which class, in which share of the training samples.

Li et al., AAAI 2024: all-to-one, dirty labels, a share of each class. Samples are clips or videos alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, TypeVar

import numpy as np

from kinesec import settings
from kinesec.errors import ConfigError, KinesecError
from kinesec.poisoning.classification import all_to_one, base
from kinesec.samples.clips.clips import Clips
from kinesec.samples.videos.render import render
from kinesec.samples.videos.settings import rendering
from kinesec.samples.videos.videos import Videos

Samples = TypeVar("Samples", Clips, Videos)


@dataclass(frozen=True)
class Poison:
    """A backdoor's definition; ``form`` is what the trigger changes, ``target`` a class, by its name or its place.

    ``ratio`` is of the samples of each class but the target (``per: class``), or of all samples (``per: all``, as
    released). With ``labels: clean`` it is of the target's own samples, whose labels are true.
    """

    trigger: str
    form: Literal["video", "joints", "rotations"]
    preset: str = "paper"
    settings: Mapping[str, Any] = field(default_factory=dict)
    target: int | str = 0
    ratio: Annotated[float, settings.Range(0, 1, above=True)] = 0.2
    per: Literal["class", "all"] = "class"
    labels: Literal["dirty", "clean"] = "dirty"

    def __post_init__(self) -> None:
        settings.check("poison", self)

    def trigger_of(self, seed: int) -> base.Trigger:
        """The trigger, the same for every sample; ``seed`` draws its components."""
        return base.build(self.trigger, form=self.form, preset=self.preset, settings=self.settings, seed=seed)

    def target_of(self, classes: Sequence[str]) -> int:
        """The target's place among the classes; raises ``ConfigError`` for none of them."""
        if isinstance(self.target, str):
            if self.target not in classes:
                raise ConfigError(f"poison: target: found {self.target!r}, expected one of {', '.join(classes)}")
            return list(classes).index(self.target)
        if not 0 <= self.target < len(classes):
            raise ConfigError(f"poison: target: found {self.target}, expected 0 to {len(classes) - 1}")
        return self.target

    def chosen(self, training: Clips | Videos, seed: int) -> np.ndarray:
        """The training samples (their places, ascending) that are poisoned."""
        target = self.target_of(training.classes)
        return all_to_one.chosen(training.label, target, self.ratio, per=self.per, labels=self.labels, seed=seed)


def triggered(samples: Samples, trigger: base.Trigger, rendered: Clips | None = None) -> Samples:
    """The samples with the trigger in each; their labels stay as they are.

    A trigger of motions is put on the clips that videos were ``rendered`` from, all of a store's, and these are
    rendered again by the same cameras, which still look at the clean motion. Raises ``KinesecError`` without them.
    """
    if isinstance(samples, Clips):
        moved = trigger.on_motion(samples.position, samples.present, samples.skeleton, samples.fps)
        return replace(samples, position=moved)
    if trigger.form == "video":
        return replace(samples, video=trigger.on_video(np.asarray(samples.video)))
    if rendered is None or (samples.row < 0).any():
        raise KinesecError(f"{trigger.owner}: found videos that no clips were rendered as, expected rendered ones")
    place = np.searchsorted(rendered.row, samples.row)
    clean = rendered.take_rows(place)
    made = samples.attrs["made"]
    video = render(
        triggered(clean, trigger).position,
        clean.skeleton,
        settings=rendering(made["settings"]),
        seed=int(made["seed"]),
        row=samples.row,
        view=samples.view,
        present=clean.present,
        framed=clean.position,
        up=str(clean.attrs.get("up", "+y")),
    )
    return replace(samples, video=video)
