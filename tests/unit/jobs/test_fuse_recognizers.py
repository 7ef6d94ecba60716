"""An ensemble is its members' mean, as stored, and says who they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from attack_stores import write_clips, write_model

from kinesec.errors import ConfigError
from kinesec.evaluation.attacks import module_of
from kinesec.files.hashing import sha256_of
from kinesec.jobs.fuse_recognizers import fuse_recognizers
from kinesec.models import weights
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.models.wrappers.bones import Bones
from kinesec.samples.clips import clips

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Joints by SGN, bones by ST-GCN."""
    folder = tmp_path_factory.mktemp("members")
    clips_path = write_clips(folder / "clips.zarr")
    joints = write_model(folder / "joints.safetensors", clips_path, steps=2)
    plain = write_model(folder / "plain.safetensors", clips_path, name="st_gcn", seed=1, steps=0)
    tensors, description = weights.read(plain)
    bones = folder / "bones.safetensors"
    whole = {f"inner.{name}": value for name, value in tensors.items()}
    weights.write(bones, whole, {**description, "wrapper": {"wrapper": "bones", "settings": {}}})
    return {"joints": joints, "bones": bones}


@pytest.mark.parametrize("average", ["logits", "softmax"])
def test_what_is_stored_is_the_mean_of_what_the_members_say(
    average: str, members: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    fuse_recognizers(
        member_paths=members, average=average, seed=3, model_path=path, log_path=tmp_path / "training.json"
    )
    ensemble, description = RECOGNIZERS.load(path, CPU)
    loaded = [RECOGNIZERS.load(member, CPU)[0] for member in members.values()]
    assert isinstance(loaded[1], Bones)
    every = clips.load(members["joints"].parent / "clips.zarr")
    seen = torch.from_numpy(every.normalised)[:8]
    said = [RECOGNIZERS.predict(model, seen) for model in loaded]
    assert (said[0].argmax(1) != said[1].argmax(1)).any()
    mean = torch.stack(said).mean(0)
    if average == "softmax":
        mean = torch.stack([logits.softmax(1) for logits in said]).mean(0).log()
    torch.testing.assert_close(RECOGNIZERS.predict(ensemble, seen), mean)
    assert module_of(description) == "ensemble of sgn, st_gcn on bones"
    assert description["members"] == {name: sha256_of(member) for name, member in members.items()}
    assert description["seed"] == 3
    log = json.loads((tmp_path / "training.json").read_text())
    assert log["epochs"] == []
    assert log["parameters"] == sum(p.numel() for model in loaded for p in model.parameters())


def test_members_of_other_clips_are_refused(members: dict[str, Path], tmp_path: Path) -> None:
    other = write_clips(tmp_path / "other.zarr", seed=5)
    stranger = write_model(tmp_path / "stranger.safetensors", other, steps=0)
    with pytest.raises(ConfigError, match="found another clips_sha256 than the ensemble's first member has"):
        fuse_recognizers(
            member_paths={"joints": members["joints"], "stranger": stranger},
            average="logits",
            seed=0,
            model_path=tmp_path / "model.safetensors",
            log_path=tmp_path / "training.json",
        )
    assert not (tmp_path / "model.safetensors").exists()
