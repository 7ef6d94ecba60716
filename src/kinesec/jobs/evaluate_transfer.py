"""Transfer: the clips that an attack made on a surrogate, tried on other recognizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.evaluation.attacks import described, logits_of, model_columns, rank_of, succeeded, swapped
from kinesec.evaluation.transfer import at_random, displacement_mm, shared_members, summary, transfer_success
from kinesec.files.hashing import sha256_of
from kinesec.jobs._tested import Tested
from kinesec.models.fit import load_for
from kinesec.samples.adversarial import gather, of_clips
from kinesec.samples.clips import checks
from kinesec.tables.files import write_csv


def evaluate_transfer(
    *,
    clips_path: Path,
    target_paths: Mapping[str, Path],
    shard_paths: Sequence[Path],
    identity: Mapping[str, str],
    table_path: Path,
    surrogate_path: Path | None = None,
) -> None:
    """Writes the rows of ``transfer`` (CSV) of a surrogate's adversarial clips, one for each recognizer by name.

    ``success_percent`` is over the adversarial clips whose clean clips the target classifies correctly, whether or not
    they fool the surrogate; ``of_fooled_percent`` over those of them that do, as the model ``surrogate_path`` says
    (empty without one). Success is another class than the true one, for SA the fake label; ``by_strategy_percent``
    counts as the attack's own strategy does. The surrogate may be the target: that is the white-box attack; of two
    ensembles ``shared_members`` counts the networks in common. ``identity`` names ``data``, ``clips``, ``surrogate``,
    ``attack`` and ``seed``.

    Raises ``ConfigError`` where models, clips and shards are of different clips, ``KinesecError`` where shards do not
    belong together or the surrogate is another model than was attacked.
    """
    rows = [
        transferred(Tested.load(clips_path, path), shard_paths, {**identity, "recognizer": name}, surrogate_path)
        for name, path in target_paths.items()
    ]
    table_path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(pd.DataFrame(rows), str(table_path))


def transferred(
    tested: Tested, shard_paths: Sequence[Path], identity: Mapping[str, str], surrogate_path: Path | None
) -> dict[str, Any]:
    """The row of one transfer to a recognizer; see ``evaluate_transfer``."""
    clips, model, model_path = tested.clips, tested.model, tested.model_path
    adversarial = gather(shard_paths, clips)
    attacked, strategy = of_clips(adversarial, clips), str(adversarial.attrs["strategy"])
    clean = attacked.normalised
    correct = rank_of(logits_of(model, clean, model_path), adversarial.label) == 0
    after = logits_of(model, adversarial.position, model_path)
    control = logits_of(model, swapped(adversarial.position, clean, attacked.present), model_path)
    by_chance = logits_of(model, at_random(adversarial.position, clean, int(identity["seed"])), model_path)
    outcomes = {
        "success": transfer_success(after, adversarial.label, adversarial.target, strategy),
        "by_strategy": succeeded(after, adversarial.label, adversarial.target, strategy),
        "control": transfer_success(control, adversarial.label, adversarial.target, strategy),
        "random": transfer_success(by_chance, adversarial.label, adversarial.target, strategy),
    }
    far = displacement_mm(adversarial.position, clean, attacked.present, attacked.normaliser.scale)
    wrong = transfer_success(after, adversarial.label, adversarial.target, "AB")
    fooled, named, surrogate_module = None, described(adversarial, clips, identity), ""
    surrogate_sha256, shared = str(adversarial.attrs["model_sha256"]), None
    if surrogate_path is not None:
        if adversarial.attrs["model_sha256"] != sha256_of(surrogate_path):
            raise KinesecError(
                f"{shard_paths[0]}: found clips that attack another model than {surrogate_path}; attack again"
            )
        surrogate, surrogate_description = load_for(surrogate_path, tested.clips_path, clips)
        surrogate_module = model_columns(surrogate_description)["recognizer_module"]
        shared = shared_members(surrogate_description, surrogate_sha256, tested.description, sha256_of(model_path))
        surrogate_logits = logits_of(surrogate, adversarial.position, surrogate_path)
        fooled = succeeded(surrogate_logits, adversarial.label, adversarial.target, strategy)
    return {
        "dataset": named["dataset"],
        "clips": named["clips"],
        "surrogate": identity["surrogate"],
        "recognizer": identity["recognizer"],
        **({"training": identity["training"]} if "training" in identity else {}),
        **named,
        **model_columns(tested.description),
        "surrogate_module": surrogate_module,
        "white_box": surrogate_sha256 == sha256_of(model_path),
        "shared_members": shared,
        "displacement_mm": float(far.mean()) if len(far) else None,
        **summary(outcomes, checks.takes(attacked), correct, fooled, wrong),
    }
