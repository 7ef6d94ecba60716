"""Attack jobs: from clips and a model to a store of attacked clips, in any number of shards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attack_stores import CLASSES, write_clips, write_model

from kinesec.attacks.engine.finished import Finished
from kinesec.errors import ConfigError, KinesecError
from kinesec.evaluation.attacks import succeeded
from kinesec.files import store
from kinesec.files.hashing import sha256_of
from kinesec.files.kinds.adversarial import ADVERSARIAL
from kinesec.files.kinds.clips import CLIPS
from kinesec.jobs.attack_recognizer import attack_clips, correctly_classified
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples import adversarial
from kinesec.samples.clips import clips

SMART: dict[str, Any] = {
    "attack": "smart",
    "preset": "paper",
    "strategy": "AB",
    "settings": {"reduction": "mean", "rate": 0.02, "iterations": 25},
    "batch": 32,
    "limit": 14,
}
BASAR: dict[str, Any] = {
    "attack": "basar",
    "settings": {"iterations": 6, "project_every": 3, "solver_iterations": 20},
}
NEW_ATTACK = '''"""One step towards the origin and no more: an attack that a user adds."""

from dataclasses import dataclass

from kinesec.attacks.base import Course, GradientAttack


@dataclass(frozen=True, kw_only=True)
class Shrink(GradientAttack):
    share: float = 0.2
    iterations: int = 30
    after_success: str = "stop"

    def course(self, lanes):
        return Shrinking(lanes, self.share)


class Shrinking(Course):
    def __init__(self, lanes, share):
        super().__init__(lanes)
        self.share = share

    def cost(self):
        return (self.lanes.x - self.lanes.clean).square().flatten(1).sum(1), None

    def advance(self, class_gradient, cost_gradient):
        self.lanes.x.sub_(class_gradient, alpha=self.share)


ATTACK = Shrink
PRESETS = {"paper": {}}
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A clips store and a small recognizer of it."""
    folder = tmp_path_factory.mktemp("attack_job")
    clips_path = write_clips(folder / "clips.zarr")
    return clips_path, write_model(folder / "model.safetensors", clips_path)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints stand below the folder that a job runs in."""
    monkeypatch.chdir(tmp_path)


def run(made: tuple[Path, Path], folder: Path, shards: int = 1, **changes: Any) -> adversarial.Adversarial:
    """The attacked clips of all shards."""
    paths = []
    for shard in range(1, shards + 1):
        paths.append(folder / f"shard{shard}of{shards}.zarr")
        attack_clips(
            clips_path=made[0],
            model_path=made[1],
            attack={**SMART, **changes},
            shard=f"{shard}of{shards}",
            seed=4,
            store_path=paths[-1],
        )
    return adversarial.gather(paths, clips.load(made[0], "test"))


def test_stored_clips_are_what_is_claimed(made: tuple[Path, Path], tmp_path: Path) -> None:
    test, (model, _) = clips.load(made[0], "test"), RECOGNIZERS.load(made[1], torch.device("cpu"))
    for strategy in ("AB", "AB3", "SA"):
        done = run(made, tmp_path / strategy, strategy=strategy)
        own = adversarial.of_clips(done, test)
        clean, after = (RECOGNIZERS.predict(model, torch.from_numpy(x)) for x in (own.normalised, done.position))
        assert clean.argmax(1).tolist() == done.label.tolist()  # correctly classified before
        assert succeeded(after.numpy(), done.label, done.target, strategy).tolist() == done.claimed.tolist()
        assert done.claimed.any()
        assert ((done.target >= 0) == (strategy == "SA")).all()
        assert done.attrs["model_sha256"] == sha256_of(made[1])
        assert done.attrs["settings"]["reduction"] == "mean"
        assert done.setting("terms") == "smart"


@pytest.mark.parametrize("changes", [{"strategy": "SA"}, {"attack": "pgd", "settings": {"epsilon": 0.1}}, BASAR])
def test_any_number_of_shards_and_any_batch_give_the_same_bytes(
    made: tuple[Path, Path], tmp_path: Path, changes: dict[str, Any]
) -> None:
    whole = run(made, tmp_path / "one", **changes)
    assert len(whole) == 14
    for folder, shards, batch in (("three", 3, 32), ("alone", 2, 1)):
        found = run(made, tmp_path / folder, shards, batch=batch, **changes)
        for name in ("position", "row", "target", "claimed", "iterations", "queries", "class_loss", "perceptual_loss"):
            assert getattr(found, name).tobytes() == getattr(whole, name).tobytes()


def test_a_killed_hard_label_attack_goes_on(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(made, tmp_path / "whole", **BASAR)
    save, saved = Finished.save, []

    def killed(finished: Finished) -> None:
        save(finished)
        saved.append(int(finished.there.sum()))
        raise KeyboardInterrupt

    monkeypatch.setattr(Finished, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        run(made, tmp_path / "again", **BASAR)
    monkeypatch.setattr(Finished, "save", save)
    assert 0 < saved[0] < len(whole)
    assert len(list(tmp_path.glob("results/checkpoints/*/attack/*.safetensors"))) == 1
    again = run(made, tmp_path / "again", **BASAR)
    assert again.position.tobytes() == whole.position.tobytes()
    assert again.queries.tolist() == whole.queries.tolist()
    assert not list(tmp_path.glob("results/checkpoints/*"))


def test_starts_are_training_clips_of_another_class(made: tuple[Path, Path], tmp_path: Path) -> None:
    search = run(made, tmp_path, **BASAR).search
    assert search is not None
    training = clips.load(made[0], "train")
    start = np.searchsorted(training.row, search.start_row)
    assert np.array_equal(training.row[start], search.start_row)
    assert (training.label[start] != run(made, tmp_path, **BASAR).label).all()


def test_a_shard_without_clips_is_an_empty_store(made: tuple[Path, Path], tmp_path: Path) -> None:
    assert len(run(made, tmp_path, 3, limit=2)) == 2
    data = store.read(tmp_path / "shard3of3.zarr", ADVERSARIAL)
    assert data.position.shape == (0, 2, 24, 6, 3)
    assert data.sizes["clip"] == 0
    store.verify(tmp_path / "shard3of3.zarr")


def test_attributes_say_what_was_done(made: tuple[Path, Path], tmp_path: Path) -> None:
    run(made, tmp_path)
    attrs = store.read(tmp_path / "shard1of1.zarr", ADVERSARIAL).attrs
    assert attrs["checks"]["deterministic"]
    assert attrs["checks"]["warnings"] == []
    assert attrs["attacked_clips"] == 14 <= attrs["right_clips"] <= attrs["test_clips"] == 48
    assert json.loads(json.dumps(attrs["settings"])) == attrs["settings"]
    assert attrs["settings"]["beta"] == {"0": 0.6, "2": 0.4}


def test_clips_that_are_classified_wrongly_are_left_alone(made: tuple[Path, Path], tmp_path: Path) -> None:
    model, _ = RECOGNIZERS.load(made[1], torch.device("cpu"))
    right = correctly_classified(model, clips.load(made[0], "test"))
    done = run(made, tmp_path, limit=None, settings={"iterations": 0})
    assert done.row.tolist() == clips.load(made[0], "test").row[right].tolist()
    assert 0 < len(right) <= 48


def test_among_test_clips_the_same_ones_are_attacked_on_every_model(made: tuple[Path, Path], tmp_path: Path) -> None:
    """The right ones of the same test clips, however many another model has right."""
    test = clips.load(made[0], "test")
    other = write_model(tmp_path / "other.safetensors", made[0], seed=1, steps=6)
    some = set(test.row[adversarial.spread(test.label, 20)])
    assert len(some) == 20
    attacked = []
    for model_path in (made[1], other):
        model, _ = RECOGNIZERS.load(model_path, torch.device("cpu"))
        right = set(test.row[correctly_classified(model, test)])
        for cut in (1, 3):
            folder = tmp_path / f"{model_path.stem}{cut}"
            of_test = run((made[0], model_path), folder, cut, limit=20, among="test", settings={"iterations": 0})
            assert of_test.row.tolist() == sorted(some & right)
        attacked.append(some & right)
    assert attacked[0] != attacked[1]
    assert min(map(len, attacked)) > 0
    whole = run(made, tmp_path / "whole", limit=None, among="test", settings={"iterations": 0})
    assert whole.row.tolist() == run(made, tmp_path / "right", limit=None, settings={"iterations": 0}).row.tolist()


def broken(made: tuple[Path, Path], folder: Path, change: dict[str, Any]) -> Path:
    """A copy of the clips with some arrays or attributes replaced, the model's all the same."""
    data = store.read(made[0], CLIPS)
    arrays = {str(name): values.values.copy() for name, values in data.variables.items()}
    attrs = {key: value for key, value in data.attrs.items() if key not in ("kind", "content_sha256")}
    for key, value in change.items():
        if key in arrays:
            arrays[key] = value(arrays[key])
        else:
            attrs[key] = value
    path = folder / "broken.zarr"
    store.write(path, CLIPS, arrays, attrs)
    return path


def nan_at_the_end(position: np.ndarray) -> np.ndarray:
    position[-1, 0, 2, 3, 1] = np.nan
    return position


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"position": nan_at_the_end}, r"clip 59: found .*nan.* expected finite"),
        ({"position": lambda x: np.where(np.arange(60)[:, None, None, None, None] == 50, np.inf, x)}, "clip 50: found"),
        (
            {"label": lambda x: np.where(np.arange(60) == 59, len(CLASSES), x)},
            "clip 59: found label 6, expected",
        ),
        ({"position": lambda x: x[:, :, :20]}, "found clips of 20 frames, expected 24"),
        ({"classes": [*CLASSES, "crawl"]}, "found class 'crawl'"),
    ],
)
def test_unfit_clips_are_one_clear_line(
    made: tuple[Path, Path], tmp_path: Path, change: dict[str, Any], line: str
) -> None:
    path = broken(made, tmp_path, change)
    with pytest.raises(KinesecError, match=line) as error:
        run((path, made[1]), tmp_path)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.glob("shard*"))


def test_a_model_of_other_joints_is_one_clear_line(made: tuple[Path, Path], tmp_path: Path) -> None:
    import recognition_clips

    other = recognition_clips.write_clips(tmp_path / "other.zarr", {"train": 6, "test": 6})
    with pytest.raises(KinesecError, match=r"expected \d+, as .*model.safetensors was trained on") as error:
        run((other, made[1]), tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"attack": "smurf"}, "found 'smurf', expected one of"),
        ({"strategy": "AB6"}, "found AB6 for 6 classes, expected 7 classes or more"),
        ({"preset": "thesis"}, "preset: found 'thesis'"),
        ({"settings": {"speed": 3}}, "speed: found an unknown key, expected some of weight"),
    ],
)
def test_an_unknown_attack_is_one_clear_line(
    made: tuple[Path, Path], tmp_path: Path, changes: dict[str, Any], line: str
) -> None:
    with pytest.raises(ConfigError, match=line):
        run(made, tmp_path, **changes)


def test_an_attack_is_one_new_file(made: tuple[Path, Path], tmp_path: Path, repository: Path) -> None:
    """Dropped into the package and named in a configuration it runs, and the shared tests find it."""
    source = tmp_path / "src"
    shutil.copytree(repository / "src" / "kinesec", source / "kinesec", ignore=shutil.ignore_patterns("__pycache__"))
    (source / "kinesec" / "attacks" / "shrink.py").write_text(NEW_ATTACK)
    configuration = {**SMART, "attack": "shrink", "settings": {"share": 0.5}}
    call = (
        "import json, sys; from pathlib import Path; from kinesec.jobs.attack_recognizer import attack_clips;"
        "clips, model, out, attack = sys.argv[1:];"
        "attack_clips(clips_path=Path(clips), model_path=Path(model), attack=json.loads(attack), shard='1of1', seed=0,"
        "store_path=Path(out))"
    )
    out = tmp_path / "shard1of1.zarr"
    environment = {**os.environ, "PYTHONPATH": str(source)}
    arguments = [str(made[0]), str(made[1]), str(out), json.dumps(configuration)]
    subprocess.run([sys.executable, "-c", call, *arguments], check=True, env=environment, capture_output=True)
    done = adversarial.gather([out], clips.load(made[0], "test"))
    assert done.attrs["attack"] == "shrink"
    assert done.attrs["settings"]["share"] == 0.5
    assert len(done) == 14
    shared = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "tests/unit/attacks/test_attacks.py",
        "-k",
        "shrink",
    ]
    found = subprocess.run(shared, cwd=repository, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-2000:]
    assert " deselected" in found.stdout
    assert "passed" in found.stdout
