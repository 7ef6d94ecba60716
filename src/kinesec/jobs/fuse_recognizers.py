"""One ensemble: trained recognizers in, a recognizer that is all of them together out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from kinesec.errors import ConfigError
from kinesec.files.hashing import sha256_of
from kinesec.jobs._training import parameters_of
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.models.wrappers.ensemble import Ensemble

# what has to be the same of all members, or they do not answer the same question
_SHARED = ("protocol", "clips_sha256", "classes")
_OF_MEMBER = ("recognizer", "settings", "wrapper")


def fuse_recognizers(
    *, member_paths: Mapping[str, Path], average: str, seed: int, model_path: Path, log_path: Path
) -> None:
    """Writes the ensemble of trained recognizers, by name, and its description (JSON).

    Nothing is trained. ``average`` is that of ``models.wrappers.ensemble``. Raises ``ConfigError`` for members of
    different clips, ``KinesecError`` for a file that is no trained recognizer.
    """
    models: list[Recognizer] = []
    described: list[dict[str, Any]] = []
    for path in member_paths.values():
        model, description = RECOGNIZERS.load(path, torch.device("cpu"))
        models.append(model)
        described.append(description)
    first = described[0]
    for path, description in zip(member_paths.values(), described, strict=True):
        for key in _SHARED:
            if description[key] != first[key]:
                raise ConfigError(
                    f"{path}: found another {key} than the ensemble's first member has, expected the same"
                )
    settings = {
        "members": [{key: each[key] for key in _OF_MEMBER if key in each} for each in described],
        "average": average,
    }
    wrapper = {"wrapper": "ensemble", "settings": settings}
    inner = RECOGNIZERS.build(first["recognizer"], models[0].shape, first["settings"])
    ensemble = RECOGNIZERS.wrapped(inner, wrapper)
    assert isinstance(ensemble, Ensemble), "the wrapper named above"
    for member, model in zip(ensemble.members, models, strict=True):
        member.load_state_dict(model.state_dict())
    description = {
        **{key: value for key, value in first.items() if key not in ("shape", "wrapper", "parameters", "seed")},
        "wrapper": wrapper,
        "seed": seed,
        "parameters": parameters_of(ensemble),
        "members": {name: sha256_of(path) for name, path in member_paths.items()},
    }
    RECOGNIZERS.save(model_path, ensemble, description)
    log_path.write_text(json.dumps({**description, "epochs": []}, indent=1, sort_keys=True) + "\n")
