"""One transfer: the clips that an attack made on a surrogate, tried on another recognizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.evaluation.attacks import described, logits_of, model_columns, rank_of, succeeded, swapped
from kinesec.evaluation.transfer import summary, transfer_success
from kinesec.files.hashing import sha256_of
from kinesec.jobs._tested import Tested
from kinesec.models.fit import load_for
from kinesec.samples.adversarial import gather, of_clips
from kinesec.samples.clips import checks
from kinesec.tables.files import write_csv


def evaluate_transfer(
    *,
    clips_path: Path,
    model_path: Path,
    shard_paths: Sequence[Path],
    identity: Mapping[str, str],
    table_path: Path,
    surrogate_path: Path | None = None,
) -> None:
    """Writes the row of ``transfer`` (CSV) of a surrogate's adversarial clips on the recognizer ``model_path``.

    ``success_percent`` is over the adversarial clips whose clean clips the target classifies correctly, whether or not
    they fool the surrogate; ``of_fooled_percent`` over those of them that do, as the model ``surrogate_path`` says
    (empty without one). Success is another class than the true one, for SA the fake label; ``by_strategy_percent``
    counts as the attack's own strategy does. The surrogate may be the target: that is the white-box attack.
    ``identity`` names ``data``, ``clips``, ``surrogate``, ``recognizer``, ``attack`` and ``seed``.

    Raises ``ConfigError`` where models, clips and shards are of different clips, ``KinesecError`` where shards do not
    belong together or the surrogate is another model than was attacked.
    """
    row = transferred(Tested.load(clips_path, model_path), shard_paths, identity, surrogate_path)
    table_path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(pd.DataFrame([row]), str(table_path))


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
    outcomes = {
        "success": transfer_success(after, adversarial.label, adversarial.target, strategy),
        "by_strategy": succeeded(after, adversarial.label, adversarial.target, strategy),
        "control": transfer_success(control, adversarial.label, adversarial.target, strategy),
    }
    fooled, named, surrogate_module = None, described(adversarial, clips, identity), ""
    if surrogate_path is not None:
        if adversarial.attrs["model_sha256"] != sha256_of(surrogate_path):
            raise KinesecError(
                f"{shard_paths[0]}: found clips that attack another model than {surrogate_path}; attack again"
            )
        surrogate, surrogate_description = load_for(surrogate_path, tested.clips_path, clips)
        surrogate_module = str(surrogate_description["recognizer"])
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
        "white_box": adversarial.attrs["model_sha256"] == sha256_of(model_path),
        **summary(outcomes, checks.takes(attacked), correct, fooled),
    }
