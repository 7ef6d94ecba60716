"""Filmstrips and animations show a scene, of predictions or of attacks, twice in the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from figure_texts import check_texts, save
from matplotlib.colors import to_rgb
from PIL import Image
from stores import SKELETON

from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.kinds.scenes import SCENES
from kinesec.plots import animation, filmstrip
from kinesec.plots.parts import stick_figures, style
from kinesec.samples import scenes
from kinesec.samples.scenes import Scene

DRAWN = {"window": (filmstrip.draw, animation.save), "clip": (filmstrip.draw_attacks, animation.save_attacks)}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up window of 6 + 9 frames under every kind and model."""
    path = tmp_path_factory.mktemp("s") / "s.zarr"
    rng = np.random.default_rng(0)
    keys = [(kind, model) for kind in ("clean", "triggered") for model in ("data", "clean", "victim")]
    rest = np.cumsum(SKELETON.offsets, axis=0)
    pose = (rest + np.cumsum(rng.normal(0, 12, (len(keys), 15, len(SKELETON), 3)), axis=1)).astype(np.float32)
    arrays = {"pose": pose, "window": np.full(len(keys), 5), "action": np.array(["walk"] * len(keys))}
    arrays |= {"windows": np.array([kind for kind, _ in keys]), "model": np.array([model for _, model in keys])}
    attrs = {"skeleton": SKELETON.to_attrs(), "dataset": "d", "history": 6, "future": 9}
    attrs |= {"frame_ms_nominal": 40.0, "limb": [2, 3]}
    store.write(path, SCENES, {**arrays, "source": arrays["action"]}, attrs)
    return path


@pytest.fixture(scope="module")
def shown(samples: Path) -> dict[str, Scene]:
    """A window as it is predicted, and a clip under two attacks that is made of the same poses."""
    window = scenes.of_windows(samples)
    poses = list(window.poses.values())[:3]
    keys = [("clean", label) for label in ("data", "SMART", "SMART, l2")]
    said = {"SMART": "jump", "SMART, l2": "an_action_of_a_rather_long_name"}
    clip = Scene(dict(zip(keys, poses, strict=True)), window.parents, "walk", frame_ms=1000 / 30, said=said)
    return {"window": window, "clip": clip}


@pytest.mark.parametrize("name", DRAWN)
def test_scenes_are_readable_and_the_same_twice(name: str, shown: dict[str, Scene], tmp_path: Path) -> None:
    draw, animate = DRAWN[name]
    check_texts(draw(shown[name]))
    contents = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        animate(shown[name], webp=folder / "moving.webp", png=folder / "poster.png")
        moving = [(folder / file).read_bytes() for file in ("moving.webp", "poster.png")]
        contents.append([*save(draw(shown[name]), folder), *moving])
    assert contents[0] == contents[1]
    assert len(contents[0][3]) < 1_000_000
    with Image.open(tmp_path / "first/moving.webp") as moving:
        assert moving.n_frames == len(shown[name]) == 15


def test_a_strip_shows_the_ends_of_history_and_future(shown: dict[str, Scene]) -> None:
    past, ahead = filmstrip.frames_shown(shown["window"].history, 9)
    assert (past[0], past[-1], ahead[-1]) == (0, 5, 14)
    assert len(set(ahead)) == len(ahead) == 5
    assert len(filmstrip.draw(shown["window"]).axes) == 4


def test_a_row_names_its_attack_and_what_the_recognizer_says(shown: dict[str, Scene]) -> None:
    labels = [axes.get_ylabel() for axes in filmstrip.draw_attacks(shown["clip"]).axes]
    assert labels == ["clean:\nwalk", "SMART:\njump", "SMART, l2:\nan action of a rath\u2026"]


def test_the_trigger_is_seen_in_its_own_colour(shown: dict[str, Scene]) -> None:
    first = np.asarray(next(animation.frames(shown["window"]))).reshape(-1, 3).astype(int)
    trigger = (255 * np.array(to_rgb(style.COLOURS["defended"]))).round()
    assert (np.abs(first - trigger).max(1) < 12).sum() > 50
    assert (first == 255).all(1).mean() > 0.8


def test_a_store_of_fewer_windows_is_one_clear_line(samples: Path) -> None:
    with pytest.raises(KinesecError, match="found 1 windows, expected more than 1"):
        scenes.of_windows(samples, 1)


def test_a_pose_is_seen_upright_and_from_a_little_aside() -> None:
    pose = np.array([[1.0, 2, 3], [1, 12, 3], [11, 2, 3], [1, 2, 13]])
    seen = stick_figures.flat(pose)
    np.testing.assert_allclose(seen[:2], [[0, 0], [0, 10]])
    assert seen[2, 0] > seen[3, 0] > 0
