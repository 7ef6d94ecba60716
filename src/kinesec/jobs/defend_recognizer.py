"""One defence of a recognizer: clips and a trained recognizer in, a defended one's weights and a log out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinesec.defences.robust.base import Case, build
from kinesec.jobs._training import need_validation, parameters_of, train_and_write
from kinesec.models.fit import load_for
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples.clips.checks import checked
from kinesec.settings import changed
from kinesec.training.augmentation import Augmentation, Augmenter


def defend_recognizer(
    *,
    clips_path: Path,
    clean_path: Path,
    recognizer: Mapping[str, Any],
    defence: Mapping[str, Any],
    code: str,
    seed: int,
    model_path: Path,
    log_path: Path,
) -> None:
    """Defends the recognizer of ``clean_path`` and writes the defended one's weights and its log (``train_and_write``).

    ``recognizer`` is what the clean one was trained by; ``defence`` has ``defence`` (its name), ``preset``,
    ``settings`` and ``recipe`` (changes of the recipe that it trains by). Raises ``KinesecError`` for a store without
    clips to train on or to choose weights by, ``ConfigError`` where the recognizer is of other clips.
    """
    clips = checked(clips_path, "train")
    validation = checked(clips_path, "val", empty=True)
    clean, described = load_for(clean_path, clips_path, clips)
    method = build(defence["defence"], defence.get("settings") or {}, defence.get("preset", "paper"))
    name = recognizer["recognizer"]
    owner = f"recognizer {name!r}"
    augmentation = changed(owner, Augmentation(), recognizer.get("augment", {}), where="augment")
    case = Case(
        name=name,
        settings=described["settings"],
        recipe=RECOGNIZERS.recipe(name, recognizer.get("recipe", {})),
        changes=defence.get("recipe") or {},
        augmenter=Augmenter(augmentation, clips.normaliser, clips.skeleton, next(clean.parameters()).device),
        clean=clean,
        training=clips,
        validation=validation,
        device=next(clean.parameters()).device,
        seed=seed,
    )
    plan = method.plan(case)
    need_validation(clips_path, "clip", plan.tasks[-1].recipe, validation)
    description: dict[str, Any] = {
        **{key: described[key] for key in ("recognizer", "settings", "augment", "dataset", "protocol", "classes")},
        **{key: described[key] for key in ("clips_sha256", "training_clips", "validation_clips")},
        "recipe": plan.recipe,
        "seed": seed,
        "defence": method.name,
        "preset": defence.get("preset", "paper"),
        "defence_settings": method.described,
        "parameters": sum(map(parameters_of, plan.trained)),
    }
    if plan.wrapper is not None:
        description["wrapper"] = plan.wrapper
    train_and_write(
        RECOGNIZERS, plan.tasks, description, code=code, model_path=model_path, log_path=log_path, finish=plan.finish
    )
