from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import torch
from recognition_clips import SKELETON
from safetensors.torch import load_file, save_file

from kinesec import names
from kinesec.errors import ConfigError, KinesecError
from kinesec.models.predictors.base import PREDICTORS, Shape
from kinesec.models.recognizers.base import RECOGNIZERS, ClipShape, Graph
from kinesec.models.trained import Kind
from kinesec.models.videonets.base import VIDEONETS, VideoShape

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Example:
    """A small model of a kind, what it is asked, and descriptions and settings of none."""

    kind: Kind[Any, Any, Any]
    name: str
    shape: Any
    settings: dict[str, Any]
    sample: tuple[int, ...]
    strange: tuple[dict[str, Any], ...]
    refused: tuple[Any, ...]

    def build(self, seed: int = 0) -> Any:
        return self.kind.build(self.name, self.shape, self.settings, seed)

    @property
    def description(self) -> dict[str, Any]:
        return {self.kind.name: self.name, "settings": self.settings}


GRAPH = {"graph": {"parents": [-1, -1], "parts": []}}
CLIPS = ClipShape(20, len(SKELETON), 2, 3, Graph.of(SKELETON))
PREDICTOR = Example(
    PREDICTORS, "ltd", Shape(5, 3, 4), {"features": 4, "blocks": 1}, (5, 4, 3),
    ({"shape": vars(Shape(5, 3, 5))}, {"shape": {"history": 5}}),
    ({"depth": 3}, {"features": "x"}, {"features": -1}, {"blocks": 1.5}, "small"),
)  # fmt: skip
RECOGNIZER = Example(
    RECOGNIZERS, "st_gcn", CLIPS, {"widths": (8, 8)}, (1, 20, len(SKELETON), 3),
    ({"settings": {"widths": [8]}}, {"shape": {"frames": 5}}, {"shape": asdict(CLIPS) | GRAPH}),
    ({"depth": 3}, {"widths": "x"}, {"widths": 8}, {"dropout": 2}, "large"),
)  # fmt: skip
VIDEONET = Example(
    VIDEONETS, "r2plus1d", VideoShape(4, 8, 8, 3), {"widths": (8, 8), "blocks": 1, "stem": 4}, (4, 8, 8, 3),
    ({"settings": {"widths": [8]}}, {"shape": {"frames": 5}}, {"shape": {"frames": 4, "bodies": 1}}),
    ({"depth": 3}, {"widths": "x"}, {"widths": 8}, {"blocks": 0}, {"levels": "x"}, "large"),
)  # fmt: skip
KINDS = pytest.mark.parametrize("of", [PREDICTOR, RECOGNIZER, VIDEONET], ids=lambda of: of.kind.name)
EVERY = [(kind, name) for kind in (PREDICTORS, RECOGNIZERS, VIDEONETS) for name in names.available(kind.package)]


@KINDS
def test_what_is_saved_comes_back(of: Example, tmp_path: Path) -> None:
    built, path, sample = of.build(3), tmp_path / "folder" / "m.safetensors", torch.randn(3, *of.sample)
    of.kind.save(path, built, of.description)
    loaded, description = of.kind.load(path, CPU)
    assert torch.equal(loaded(sample), built.eval()(sample))
    assert (loaded.shape, loaded.training, description[of.kind.name]) == (of.shape, False, of.name)


@KINDS
def test_the_seed_draws_the_weights(of: Example) -> None:
    state = torch.get_rng_state().clone()
    first, again, other = (torch.nn.utils.parameters_to_vector(of.build(seed).parameters()) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


@KINDS
def test_an_answer_does_not_depend_on_how_many_are_asked(of: Example) -> None:
    model, sample = of.build(), torch.randn(of.kind.batch + 6, *of.sample)
    answer = of.kind.predict(model, sample)
    torch.testing.assert_close(answer[:5], of.kind.predict(model, sample[:5]))
    torch.testing.assert_close(answer[-3:], torch.from_numpy(of.kind.predict_array(model, sample[-3:].numpy(), CPU)))


@KINDS
def test_a_model_that_cannot_be_used_is_one_line(of: Example, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    of.kind.save(path, of.build(), of.description)
    tensors, content = load_file(path), path.read_bytes()
    good = {**of.description, "shape": asdict(of.shape)}
    strange = [good | change for change in ({of.kind.name: "strange"}, {"settings": {"depth": 3}}, *of.strange)]
    bad: list[Any] = [b"", content[:100], content[:-9], None, "rubbish", {}, [], *strange]
    for damage in bad:
        if isinstance(damage, bytes):
            path.write_bytes(damage)
        else:
            meta = {"meta": damage if isinstance(damage, str) else json.dumps(damage)} if damage is not None else None
            save_file(tensors, path, meta)
        with pytest.raises(KinesecError, match="found no usable model") as raised:
            of.kind.load(path, CPU)
        assert "\n" not in str(raised.value)
        assert str(path) in str(raised.value)
    with pytest.raises(KinesecError, match="found no usable model"):
        of.kind.load(path.with_name("none"), CPU)


@KINDS
def test_settings_that_cannot_be_used_are_one_line(of: Example) -> None:
    for settings in of.refused:
        with pytest.raises(ConfigError, match=f"{of.kind.name} '{of.name}': ") as raised:
            of.kind.build(of.name, of.shape, settings)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_published_recipes_pass_their_own_check(kind: Kind[Any, Any, Any], name: str) -> None:
    published = names.load(kind.package, name).RECIPE
    if published is None:
        with pytest.raises(ConfigError, match=f"'{name}': has nothing to train"):
            kind.recipe(name, {})
        return
    settings = {field.name: getattr(published, field.name) for field in fields(published) if field.name != "pretrain"}
    assert kind.recipe(name, settings) == published


@pytest.mark.parametrize("name", names.available("models.recognizers"))
def test_small_recognizers_are_built_again_from_their_settings(name: str) -> None:
    small = RECOGNIZERS.build(name, CLIPS, "small").eval()
    again = RECOGNIZERS.build(name, CLIPS, RECOGNIZERS.settings_of(name, "small")).eval()
    clip = torch.randn(3, 2, 20, len(SKELETON), 3)
    assert torch.equal(small(clip), again(clip))


@pytest.mark.parametrize(
    ("of", "changes", "message"),
    [
        (PREDICTOR, {"rates": 1.0}, r"recipe\.rates: found an unknown key, expected some of epochs, batch, rate"),
        (PREDICTOR, {"epochs": "4"}, r"recipe\.epochs: found '4', expected a whole number"),
        (PREDICTOR, {"epochs": 0}, r"recipe\.epochs: found 0"),
        (PREDICTOR, {"epochs": True}, r"recipe\.epochs: found True"),
        (PREDICTOR, {"batch": 1}, r"recipe\.batch: found 1, expected a whole number from 2"),
        (PREDICTOR, {"rate": float("nan")}, r"recipe\.rate: found nan"),
        (PREDICTOR, {"rate": None}, r"recipe\.rate: found None"),
        (PREDICTOR, {"schedule": "cosine"}, r"recipe\.schedule: found 'cosine', expected one of step, .*one_cycle"),
        (PREDICTOR, {"selection": "best"}, r"recipe\.selection: found 'best', expected one of validation, last"),
        (PREDICTOR, {"clip": "x"}, r"recipe\.clip: found 'x'"),
        (RECOGNIZER, {"warm_up": -1}, r"recipe\.warm_up: found -1"),
        (RECOGNIZER, {"warm_up": 1.5}, r"recipe\.warm_up: found 1\.5, expected a whole number from 0"),
        (RECOGNIZER, {"milestones": 3}, r"recipe\.milestones: found 3, expected a list of whole numbers"),
        (RECOGNIZER, {"milestones": [3, 2]}, r"recipe\.milestones: found \[3, 2\], expected .*ascending"),
        (RECOGNIZER, {"milestones": [0]}, r"recipe\.milestones: found \[0\]"),
        (RECOGNIZER, {"milestones": [1.5]}, r"recipe\.milestones: found \[1\.5\]"),
        (RECOGNIZER, {"milestones": [True]}, r"recipe\.milestones: found \[True\]"),
        (RECOGNIZER, {"optimiser": "lion"}, r"recipe\.optimiser: found 'lion', expected one of sgd, adam"),
        (RECOGNIZER, {"smoothing": 1}, r"recipe\.smoothing: found 1, expected a finite number from 0 to less than 1"),
        (RECOGNIZER, {"momentum": 1.0}, r"recipe\.momentum: found 1\.0"),
        (RECOGNIZER, {"autocast": 1}, r"recipe\.autocast: found 1, expected true or false"),
        (RECOGNIZER, {"pretrain": {"epochs": 2}}, r"recipe\.pretrain: found .* expected none: it has no such training"),
    ],
)
def test_a_recipes_mistake_is_one_line(of: Example, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"{of.kind.name} '{of.name}': {message}") as raised:
        of.kind.recipe(of.name, changes)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("pretrain", "message"),
    [
        (3, r"recipe\.pretrain: found 3, expected a mapping, or null"),
        ({"epochs": 0}, r"recipe\.pretrain\.epochs: found 0"),
        ({"depth": 1}, r"recipe\.pretrain\.depth: found an unknown key"),
        ({"pretrain": {}}, r"recipe\.pretrain\.pretrain: found {}, expected none"),
    ],
)
def test_a_mistake_in_the_recipe_of_pretraining_is_one_line(pretrain: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f"recognizer 'as_gcn': {message}"):
        RECOGNIZERS.recipe("as_gcn", {"pretrain": pretrain})


def test_a_recipes_changes() -> None:
    published = PREDICTORS.recipe("ltd", {})
    changed = PREDICTORS.recipe("ltd", {"epochs": 2, "clip": None, "schedule": "one_cycle", "rate": 1})
    assert (changed.epochs, changed.clip, changed.schedule, changed.rate) == (2, None, "one_cycle", 1)
    assert changed.batch == published.batch


def test_a_recipes_changes_reach_its_pretraining() -> None:
    published = RECOGNIZERS.recipe("as_gcn", {})
    changed = RECOGNIZERS.recipe("as_gcn", {"milestones": [2, 3], "rate": 1, "pretrain": {"epochs": 2}})
    assert (changed.milestones, changed.rate, changed.batch) == ((2, 3), 1, published.batch)
    assert changed.pretrain is not None
    assert published.pretrain is not None
    assert (changed.pretrain.epochs, changed.pretrain.rate) == (2, published.pretrain.rate)
    assert RECOGNIZERS.recipe("as_gcn", {"pretrain": None}).pretrain is None
