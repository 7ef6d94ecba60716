"""What holds for every attack on hard labels, and what each of its stages does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attack_cases import CLASSES, Probe, position, problem, shape, small
from torch import Tensor, nn

from kinesec import names
from kinesec.attacks.base import Problem, build
from kinesec.attacks.engine import decision, exploration
from kinesec.attacks.engine.criteria import parse
from kinesec.attacks.engine.lanes import Lanes
from kinesec.attacks.subspace import cosines, on_circle
from kinesec.errors import ConfigError, KinesecError
from kinesec.models.recognizers.base import Recognizer
from kinesec.motion.kinematics import bone_lengths
from kinesec.samples.adversarial import QUERY_GRID, Adversarial

OURS = ["basar", "boundary", "subspace"]
ALL = pytest.mark.parametrize("name", [*OURS, "hop_skip_jump"])
EACH = pytest.mark.parametrize("name", OURS)
SHORT: dict[str, dict[str, Any]] = {
    "basar": {"iterations": 12, "project_every": 6, "solver_iterations": 30},
    "boundary": {"iterations": 12},
    "subspace": {"iterations": 3, "queries": 8},
    "hop_skip_jump": {"iterations": 3, "budget": 300, "first": 20},
}


class Told(nn.Module):
    """A recognizer of which nothing but answers can be had: it has no parameters, and no gradient leads through it."""

    def __init__(self, model: Recognizer) -> None:
        super().__init__()
        self.answer, self.shape, self.name = [model], model.shape, "told"
        self.asked = 0
        self.fails_after = 10**9

    def forward(self, clips: Tensor) -> Tensor:
        assert not torch.is_grad_enabled()
        assert not clips.requires_grad
        self.asked += 1
        if self.asked > self.fails_after:
            raise KeyboardInterrupt
        return torch.from_numpy(self.answer[0](clips).numpy().copy())


class HalfSpace(nn.Module):
    """Class 1 beyond a plane at ``distance`` from the origin, else class 0; its normal is of low frequency."""

    def __init__(self, distance: float = 2.0) -> None:
        super().__init__()
        self.shape, self.name = shape(bodies=1, classes=2), "half_space"
        wave = cosines(self.shape.frames, 1, torch.zeros(1))
        drawn = torch.randn(self.shape.joints, 3, generator=torch.Generator().manual_seed(1))
        normal = torch.einsum("kf,jx->fjx", wave, drawn)
        self.normal, self.distance = normal / normal.norm(), distance

    def forward(self, clips: Tensor) -> Tensor:
        beyond = torch.einsum("lbfjx,fjx->l", clips, self.normal) - self.distance
        return torch.stack([-beyond, beyond], 1)


def case(model: Recognizer, count: int = 9, **settings: Any) -> Problem:
    """Clips to attack, and others to start from."""
    of = problem(model, count, **settings)
    return replace(of, training=problem(model, 30, seed=5, whole=True))


def attack(name: str, of: Problem, model: Any, strategy: str = "AB", changes: Any = None, **how: Any) -> Adversarial:
    if name == "hop_skip_jump":
        pytest.importorskip("art", reason="the extra `peers` is not installed")
    settings = {**SHORT[name], **(changes or {})}
    return build(name, settings).run(model, of, parse(strategy, CLASSES), **{"seed": 3, "width": 4, **how})


def same(one: Adversarial, other: Adversarial) -> bool:
    arrays = [(vars(of) | vars(of.search)) for of in (one, other)]
    of_clips = [{k: v for k, v in of.items() if isinstance(v, np.ndarray)} for of in arrays]
    return all(np.array_equal(v, of_clips[1][k], equal_nan=v.dtype.kind == "f") for k, v in of_clips[0].items())


def test_modules_say_that_they_see_labels() -> None:
    seeing = [name for name in names.available("attacks") if names.constant("attacks", name, "ACCESS") == "labels"]
    assert seeing == sorted([*OURS, "hop_skip_jump"])


@ALL
@pytest.mark.parametrize("strategy", ["AB", "SA"])
def test_labels_of_a_model_without_gradient_are_enough(name: str, strategy: str) -> None:
    model = Probe(shape()).eval()
    of, told = case(model), Told(model)
    found = attack(name, of, told, strategy)
    with torch.no_grad():
        met = parse(strategy, CLASSES).met(model(position(found)), of.label, torch.from_numpy(found.target))
    assert met.tolist() == found.claimed.tolist()
    assert found.claimed.any()
    assert not position(found)[~of.present].any()
    assert found.queries.sum() <= told.asked * 4
    starts = dict(zip(of.training.row.tolist(), of.training.label.tolist(), strict=True))
    for clip in np.flatnonzero(found.claimed):
        label = starts[found.search.start_row[clip]]
        assert label == found.target[clip] if strategy == "SA" else label != of.label[clip]


@ALL
def test_another_seed_takes_another_way_and_the_same_the_same(name: str) -> None:
    model = Probe(shape()).eval()
    of = case(model, 4)
    runs = [attack(name, of, model, seed=seed) for seed in (0, 0, 1)]
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


@ALL
def test_neither_batch_nor_shard_nor_neighbours_change_a_bit(name: str) -> None:
    model = small("sgn")
    of = case(model)
    whole = attack(name, of, model)
    assert same(whole, attack(name, of, model, batch=1))
    for part in np.array_split(np.arange(len(of)), 3):
        shard = attack(name, of.take(part), model)
        assert np.array_equal(shard.position, whole.position[part])
        assert np.array_equal(shard.queries, whole.queries[part])
        assert np.array_equal(shard.search.trace_l, whole.search.trace_l[part], equal_nan=True)


@ALL
def test_a_killed_attack_goes_on_from_its_finished_clips(name: str, tmp_path: Path) -> None:
    model = Probe(shape()).eval()
    of = case(model)
    whole = Told(model)
    expected = attack(name, of, whole)
    killed = Told(model)
    killed.fails_after = whole.asked * 2 // 3
    with pytest.raises(KeyboardInterrupt):
        attack(name, of, killed, checkpoints=tmp_path)
    assert list(tmp_path.glob("*.safetensors"))
    again = Told(model)
    assert same(attack(name, of, again, checkpoints=tmp_path), expected)
    assert again.asked < whole.asked
    asked = again.asked
    assert same(attack(name, of, again, checkpoints=tmp_path), expected)
    assert again.asked == asked


def test_a_torn_checkpoint_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "clips7.safetensors").write_bytes(b"torn")
    model = Probe(shape()).eval()
    with pytest.raises(KinesecError, match=r"clips7\.safetensors: cannot be read .*; delete it to attack"):
        attack("boundary", case(model), model, checkpoints=tmp_path)


@ALL
@pytest.mark.parametrize("budget", [60, 150])
def test_no_clip_asks_more_than_its_budget(name: str, budget: int) -> None:
    model = Probe(shape()).eval()
    of = case(model)
    found = attack(name, of, model, changes={"iterations": 100, "budget": budget})
    assert found.queries.max() <= budget
    assert found.queries.max() > budget // 2


@ALL
def test_the_trace_falls_to_what_is_kept(name: str) -> None:
    model = Probe(shape()).eval()
    of = case(model)
    found = attack(name, of, model)
    trace = found.search.trace_l
    assert not (np.diff(trace[found.claimed], axis=1) > 0).any()
    least = np.minimum(found.search.search_l, found.perceptual_loss)
    assert (trace[found.claimed, -1] <= least[found.claimed] + 1e-6).all()
    moved = (position(found) - of.position).square().sum((3, 4)).sqrt() * of.present
    size = moved.sum((1, 2)) / of.present.sum((1, 2))
    assert np.allclose(size, np.where(found.claimed, found.perceptual_loss, 0), rtol=1e-4)
    at = np.searchsorted(QUERY_GRID, found.queries.max())
    assert np.array_equal(trace[:, at], trace[:, -1], equal_nan=True)


@ALL
def test_without_a_start_the_clip_stays(name: str) -> None:
    model = Probe(shape()).eval()
    of = case(model, 3)
    of = replace(of, training=replace(of.training, label=torch.full((30,), int(of.label[0]))))
    found = attack(name, of, model)
    assert not found.claimed[0]
    assert found.search.start_row[0] == -1
    assert np.array_equal(found.position[0], of.position[0].numpy())
    assert np.isnan(found.search.trace_l[0]).all()


@ALL
def test_strategies_that_a_label_cannot_tell_are_refused(name: str) -> None:
    model = Probe(shape()).eval()
    with pytest.raises(ConfigError, match=f"attack '{name}': strategy: found AB3, expected AB or SA"):
        attack(name, case(model), model, "AB3")
    with pytest.raises(KinesecError, match="found no training clips"):
        attack(name, replace(problem(model), training=None), model)


@ALL
def test_wrong_settings_are_one_line(name: str) -> None:
    for settings, line in (({"budget": 0}, "budget"), ({"iterations": -1}, "iterations"), ({"walks": 2}, "walks")):
        with pytest.raises(ConfigError, match=f"attack '{name}': {line}: found"):
            build(name, settings)


def test_the_nearest_clip_beyond_a_plane_is_found() -> None:
    model = HalfSpace()
    clean = torch.zeros(4, 1, 12, 9, 3)
    far = 3 * torch.randn(20, 1, 12, 9, 3, generator=torch.Generator().manual_seed(0)) + 8 * model.normal
    present, label = torch.ones(20, 1, 12, dtype=torch.bool), torch.ones(20, dtype=torch.int64)
    geometry = problem(Probe(shape()).eval(), 1).geometry
    training = Problem(far, label, present, np.arange(20), np.arange(20), geometry)
    of = Problem(clean, torch.zeros(4, dtype=torch.int64), present[:4], np.arange(4), np.arange(4), geometry, training)
    distances = {}
    for name, settings in (
        ("subspace", {"budget": 1000, "joints": 1.0, "frequencies": 0.3}),
        ("boundary", {"budget": 1000}),
        ("boundary", {"budget": 1000, "keep": "last"}),
    ):
        found = build(name, settings).run(model, of, parse("AB", 2), width=4)
        assert found.claimed.all()
        distances[name, settings.get("keep")] = np.linalg.norm(found.position.reshape(4, -1), axis=1)
    assert (distances["subspace", None] < 1.15 * model.distance).all()
    assert (distances["boundary", None] > model.distance).all()
    start = np.linalg.norm(far.reshape(20, -1), axis=1).min() / 3
    assert (distances["boundary", None] < start).all()
    assert (distances["subspace", None] < distances["boundary", None]).all()


def walking(width: int = 4) -> decision.Ground:
    """Lanes of clips that stand somewhere else."""
    model = Probe(shape()).eval()
    of = problem(model, width)
    lanes = Lanes(of, np.full(width, -1), width=width, batch=width, device=torch.device("cpu"), seed=0)
    lanes.fill()
    ground = decision.Ground(lanes)
    chance = torch.Generator().manual_seed(2)
    ground.here = lanes.clean + torch.randn(lanes.x.shape, generator=chance) * lanes.present
    return ground


def test_proposals_are_orthogonal_on_each_axis_and_of_one_size() -> None:
    ground = walking()
    walk = exploration.Exploration(ground, proposals=5, size=0.1, highest=0.4)
    for lane in range(4):
        walk.begin(lane)
    walk.enter(torch.ones(4, dtype=torch.bool))
    walk.ask(torch.ones(4, dtype=torch.bool))
    moved, towards = walk.bank - ground.here[:, None], (ground.lanes.clean - ground.here)[:, None]
    along = (moved * towards).sum((2, 3, 4)) / towards.square().sum((2, 3, 4))
    assert along.abs().max() < 1e-5
    size = moved.square().sum((2, 3, 4)).sqrt() / towards.square().sum((2, 3, 4)).sqrt()
    assert (size <= 0.1 + 1e-5).all()
    assert (size > 0.09).all()


def test_sizes_follow_the_share_of_adversarial_proposals() -> None:
    ground = walking(3)
    walk = exploration.Exploration(ground, proposals=5, size=0.1, highest=0.105, keep="last")
    everyone = torch.ones(3, dtype=torch.bool)
    for lane in range(3):
        walk.begin(lane)
    walk.enter(everyone)
    for turn in range(5):
        walk.answer(everyone, walk.ask(everyone), torch.tensor([False, turn < 2, True]))
    assert walk.size.tolist() == pytest.approx([0.09, 0.1, 0.105])
    # without an adversarial proposal there is another round; the others probe
    assert walk.turn.tolist() == [0, 5, 5]
    aimed = walk.ask(everyone)
    away = (aimed - ground.lanes.clean)[1:].abs().sum() / (ground.here - ground.lanes.clean)[1:].abs().sum()
    assert float(away) == pytest.approx(0.05, abs=1e-4)
    stepped = walk.answer(everyone, aimed, torch.tensor([False, False, True]))
    assert stepped.tolist() == [False, False, True]
    assert walk.approach.tolist() == pytest.approx([0.95, 0.475, 0.9])
    assert ground.steps.tolist() == [0, 0, 1]


def test_the_half_circle_leads_from_the_clip_to_the_clean_one() -> None:
    chance = torch.Generator().manual_seed(0)
    away, normal = (torch.randn(3, 1, 5, 4, 3, generator=chance, dtype=torch.float64) for _ in range(2))
    angles = torch.linspace(0, torch.pi / 2, 7, dtype=torch.float64)
    points = torch.stack([on_circle(away, normal, angle.repeat(3)) for angle in angles])
    assert torch.allclose(points[0], away)
    assert points[-1].abs().max() < 1e-12
    # Thales: the way on to the clip and the way from the clean one are orthogonal
    assert (points * (away - points)).sum((2, 3, 4, 5)).abs().max() < 1e-10


def test_cosines_are_orthonormal() -> None:
    waves = cosines(12, 12, torch.zeros(1, dtype=torch.float64))
    assert torch.allclose(waves @ waves.T, torch.eye(12, dtype=torch.float64))


def test_projections_keep_bones() -> None:
    model = Probe(shape()).eval()
    of = case(model)
    found = attack("basar", of, model)
    landed = found.search.projected
    assert landed.any()
    assert (found.search.projections[found.claimed] >= 1).all()
    assert (found.claimed | ~landed).all()
    mean = torch.from_numpy(of.geometry.mean)
    lengths = [bone_lengths(clips.double() + mean, of.geometry.parents) for clips in (of.position, position(found))]
    change = (lengths[1] - lengths[0]).abs()[of.present][:, :]
    assert change[landed[torch.arange(len(of)).repeat_interleave(24).reshape(len(of), 2, 12)[of.present]]].max() < 1e-5
