from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from recognition_clips import SKELETON
from safetensors.torch import load_file, save_file

from kinesec import names
from kinesec.errors import ConfigError, KinesecError
from kinesec.models.recognizers.base import ClipShape, Graph
from kinesec.models.trained_recognizers import build, load, predict, recipe, save

SHAPE = ClipShape(20, len(SKELETON), 2, 3, Graph.of(SKELETON))
EVERY = pytest.mark.parametrize("name", names.available("models.recognizers"))
CPU = torch.device("cpu")
SETTINGS = {"widths": (8, 8)}


def described(name: str) -> dict[str, Any]:
    return {"recognizer": name, "settings": dict(names.load("models.recognizers", name).SMALL)}


@EVERY
def test_what_is_saved_comes_back(name: str, tmp_path: Path) -> None:
    built, path = build(name, SHAPE, "small", 3), tmp_path / "folder" / "m.safetensors"
    clip = torch.randn(3, 2, 20, len(SKELETON), 3)
    save(path, built, described(name))
    loaded, description = load(path, CPU)
    assert torch.equal(loaded(clip), built.eval()(clip))
    assert (loaded.shape, loaded.training) == (SHAPE, False)
    assert description["recognizer"] == name
    again = build(name, ClipShape.from_attrs(description["shape"]), description["settings"], 3)
    assert torch.equal(again.eval()(clip), loaded(clip))


def test_the_seed_draws_the_weights() -> None:
    state = torch.get_rng_state().clone()
    first, again, other = (build("st_gcn", SHAPE, SETTINGS, seed).blocks[0].spatial.weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_logits_do_not_depend_on_the_number_of_clips() -> None:
    model = build("st_gcn", SHAPE, SETTINGS)
    clip = torch.randn(70, 1, 20, len(SKELETON), 3)
    logits = predict(model, clip)
    torch.testing.assert_close(logits[:5], predict(model, clip[:5]))
    torch.testing.assert_close(logits[-3:], predict(model, clip[-3:]))


def test_a_model_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    good = {"recognizer": "st_gcn", "settings": SETTINGS}
    save(path, build("st_gcn", SHAPE, SETTINGS), good)
    tensors, content = load_file(path), path.read_bytes()
    good |= {"shape": SHAPE.to_attrs()}
    bad: list[Any] = [
        b"", content[:100], content[:-9], None, "rubbish", {}, [], good | {"recognizer": "strange"},
        good | {"settings": {"depth": 3}}, good | {"settings": {"widths": [8]}}, good | {"shape": {"frames": 5}},
        good | {"shape": SHAPE.to_attrs() | {"graph": {"parents": [-1, -1], "parts": []}}},
    ]  # fmt: skip
    for one in bad:
        if isinstance(one, bytes):
            path.write_bytes(one)
        else:
            meta = {"meta": one if isinstance(one, str) else json.dumps(one)} if one is not None else None
            save_file(tensors, path, meta)
        with pytest.raises(KinesecError, match="found no usable model") as raised:
            load(path, CPU)
        assert "\n" not in str(raised.value)
        assert str(path) in str(raised.value)


@pytest.mark.parametrize("settings", [{"depth": 3}, {"widths": "x"}, {"widths": 8}, {"dropout": 2}, "large"])
def test_settings_that_cannot_be_used_are_one_line(settings: Any) -> None:
    with pytest.raises(ConfigError, match="recognizer 'st_gcn': ") as raised:
        build("st_gcn", SHAPE, settings)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rates": 1.0}, r"recipe\.rates: found an unknown key, expected some of epochs, batch, rate"),
        ({"epochs": 0}, r"recipe\.epochs: found 0"),
        ({"batch": 1}, r"recipe\.batch: found 1, expected a finite number from 2"),
        ({"warm_up": -1}, r"recipe\.warm_up: found -1"),
        ({"warm_up": 1.5}, r"recipe\.warm_up: found 1\.5, expected a whole number from 0"),
        ({"milestones": 3}, r"recipe\.milestones: found 3, expected a list of whole numbers"),
        ({"milestones": [3, 2]}, r"recipe\.milestones: found \[3, 2\], expected .*ascending"),
        ({"milestones": [0]}, r"recipe\.milestones: found \[0\]"),
        ({"milestones": [1.5]}, r"recipe\.milestones: found \[1\.5\]"),
        ({"milestones": [True]}, r"recipe\.milestones: found \[True\]"),
        ({"optimiser": "lion"}, r"recipe\.optimiser: found 'lion', expected one of sgd, adam"),
        ({"smoothing": 1}, r"recipe\.smoothing: found 1, expected a finite number from 0 to less than 1"),
        ({"momentum": 1.0}, r"recipe\.momentum: found 1\.0"),
        ({"autocast": 1}, r"recipe\.autocast: found 1, expected true or false"),
        ({"selection": "best"}, r"recipe\.selection: found 'best', expected one of validation, last"),
        ({"pretrain": 3}, r"recipe\.pretrain: found 3, expected a mapping, or null"),
        ({"pretrain": {"epochs": 0}}, r"recipe\.pretrain\.epochs: found 0"),
        ({"pretrain": {"depth": 1}}, r"recipe\.pretrain\.depth: found an unknown key"),
        ({"pretrain": {"pretrain": {}}}, r"recipe\.pretrain\.pretrain: found {}, expected none"),
    ],
)
def test_a_recipes_mistake_is_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"recognizer 'as_gcn': {message}") as raised:
        recipe("as_gcn", changes)
    assert "\n" not in str(raised.value)


def test_a_recipes_changes() -> None:
    published = recipe("as_gcn", {})
    changed = recipe("as_gcn", {"milestones": [2, 3], "rate": 1, "pretrain": {"epochs": 2}})
    assert (changed.milestones, changed.rate, changed.batch) == ((2, 3), 1, published.batch)
    assert changed.pretrain is not None
    assert published.pretrain is not None
    assert (changed.pretrain.epochs, changed.pretrain.rate) == (2, published.pretrain.rate)
    assert recipe("as_gcn", {"pretrain": None}).pretrain is None
    with pytest.raises(ConfigError, match=r"recipe\.pretrain: found .* expected none: it has no such training"):
        recipe("st_gcn", {"pretrain": {"epochs": 2}})


@EVERY
def test_published_recipes_pass_their_own_check(name: str) -> None:
    published = names.load("models.recognizers", name).RECIPE
    plain = {key: value for key, value in vars(published).items() if key != "pretrain"}
    assert recipe(name, plain) == published
