"""What holds for every predictor, and what is particular to each."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesec import seeding
from kinesec.errors import ConfigError
from kinesec.models.predictors._distance import length
from kinesec.models.predictors.auxformer import AuxFormer, filling, future_frames
from kinesec.models.predictors.base import PREDICTORS, Predictor, Recipe, Shape
from kinesec.models.predictors.hri import HRI, attended
from kinesec.models.predictors.simlpe import SiMLPe

SHAPE = Shape(20, 25, 4)
SMALL: dict[str, dict[str, Any]] = {
    "ltd": {"features": 16, "blocks": 2, "dropout": 0.1},
    "hri": {"features": 16, "blocks": 2, "dropout": 0.1},
    "simlpe": {"layers": 6},
    "auxformer": {"features": 16, "layers": 2, "heads": 2, "head_features": 8, "hidden": 16, "head_hidden": 16},
}
EVERY = pytest.mark.parametrize("name", SMALL)
STEPWISE = pytest.mark.parametrize("name", ["hri", "simlpe"])


def windows(count: int, frames: int = 45, joints: int = 4, seed: int = 0) -> torch.Tensor:
    """Smooth motions in millimetres: joints that swing at speeds and phases of their own."""
    rng = np.random.default_rng(seed)
    speed, phase = rng.uniform(0.05, 0.3, (2, count, 1, joints, 3)) * [[[[[1]]]], [[[[20]]]]]
    swing = np.sin(speed * np.arange(frames)[:, None, None] + phase)
    return torch.from_numpy(300 * rng.standard_normal((count, 1, joints, 3)) + 100 * swing).float()


def build(name: str, shape: Shape = SHAPE, **changes: Any) -> Predictor:
    """A small predictor whose output is not the last pose: zeros and near zeros at the start are drawn anew."""
    model = PREDICTORS.build(name, shape, {**SMALL[name], **changes})
    with seeding.torch_stream(1, "weights"), torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


@EVERY
def test_future_follows_the_history(name: str) -> None:
    model, history = build(name), windows(3)[:, :20]
    future = model(history)
    assert future.shape == (3, 25, 4, 3)
    assert future.isfinite().all()
    assert (future - history[:, -1:]).abs().amax((1, 2, 3)).min() > 0.1  # mm
    torch.testing.assert_close(model(history), future, rtol=0, atol=0)


@EVERY
@settings(max_examples=10)
@given(data=st.data())
def test_a_window_does_not_see_its_batch(name: str, data: st.DataObject) -> None:
    model, history = build(name), windows(6)[:, :20]
    chosen = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=9))
    whole, part = model(history)[chosen], model(history[chosen])
    torch.testing.assert_close(part, whole, rtol=0, atol=1e-5 * whole.abs().max().item())


@EVERY
def test_learns_a_batch_by_heart(name: str) -> None:
    model, batch = PREDICTORS.build(name, SHAPE, SMALL[name], seed=3).train(), windows(8)
    optimiser = torch.optim.Adam(
        model.parameters(), lr={"ltd": 0.1, "hri": 0.1, "simlpe": 1e-3, "auxformer": 1e-2}[name]
    )
    losses = []
    with seeding.torch_stream(0, "dropout"):
        for _ in range(60):
            optimiser.zero_grad()
            loss = model.loss(batch)
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


@EVERY
def test_training_draws_from_its_stream_alone(name: str) -> None:
    model, batch = build(name).train(), windows(4)
    losses = []
    for seed in (0, 0, 1):
        with seeding.torch_stream(seed, "dropout"):
            losses.append(model.loss(batch).item())
    assert losses[0] == losses[1]
    assert (losses[0] != losses[2]) == (name != "simlpe")  # it has neither dropout nor noise


@EVERY
def test_every_parameter_learns(name: str) -> None:
    # of one run of poses the attention is 1 whatever its parameters are: HRI needs several
    model = build(name, **({"step": 5} if name == "hri" else {})).train()
    if isinstance(model, SiMLPe):
        model = SiMLPe(SHAPE, normalise="temporal").train()  # over space, the layers' biases cancel by design
    with seeding.torch_stream(0, "dropout"):
        model.loss(windows(8)).backward()
    for key, parameter in model.named_parameters():
        if "convolution.bias" not in key:  # cancelled by the normalisation over the batch
            assert parameter.grad is not None, key
            assert parameter.grad.abs().max() > 0, key


@EVERY
def test_a_file_gives_the_model_back(name: str, tmp_path: Path) -> None:
    model, history = build(name), windows(2)[:, :20]
    path = tmp_path / "model.safetensors"
    PREDICTORS.save(path, model, {"predictor": name, "settings": SMALL[name]})
    again, _ = PREDICTORS.load(path, torch.device("cpu"))
    torch.testing.assert_close(again(history), model(history), rtol=0, atol=0)


@EVERY
def test_an_unknown_setting_is_one_line(name: str) -> None:
    with pytest.raises(ConfigError, match=f"predictor '{name}'.*layrs") as caught:
        PREDICTORS.build(name, SHAPE, {"layrs": 3})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "shape", "changes", "message"),
    [
        ("hri", Shape(19, 25, 4), {}, "found a history of 19 frames, expected 20"),
        ("simlpe", Shape(9, 25, 4), {}, "found a history of 9 frames, expected 10"),
        ("simlpe", SHAPE, {"normalise": "space"}, "normalise: found 'space'"),
        ("auxformer", SHAPE, {"every": 0}, "found every 0"),
    ],
)
def test_impossible_settings_are_one_line(name: str, shape: Shape, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PREDICTORS.build(name, shape, changes)


@EVERY
@pytest.mark.parametrize("future", [1, 10, 13])
def test_any_future(name: str, future: int) -> None:
    model = build(name, Shape(20, future, 3))
    window = windows(4, 20 + future, 3)
    assert model(window[:, :20]).shape == (4, future, 3, 3)
    assert model.train().loss(window).isfinite()


@STEPWISE
def test_later_steps_do_not_change_earlier_ones(name: str) -> None:
    long, short, history = build(name), build(name, Shape(20, 10, 4)), windows(2)[:, :20]
    torch.testing.assert_close(long(history)[:, :10], short(history))


@STEPWISE
def test_the_loss_reads_the_first_step_alone(name: str) -> None:
    model, window = build(name), windows(4)
    other = window.clone()
    other[:, 30:] += 100
    assert model.loss(other).item() == model.loss(window).item()
    other[:, 29] += 100
    assert model.loss(other).item() != model.loss(window).item()


@settings(max_examples=30)
@given(frames=st.integers(1, 12), runs=st.integers(1, 9), batch=st.integers(1, 3), seed=st.integers(0, 99))
def test_attended_motion_is_the_weighted_sum_of_runs(frames: int, runs: int, batch: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.random((batch, runs))
    motion = rng.standard_normal((batch, frames + runs - 1, 6))
    expected = sum(weights[:, run, None, None] * motion[:, run : run + frames] for run in range(runs))
    motions = attended(torch.from_numpy(weights), torch.from_numpy(motion), frames)
    np.testing.assert_allclose(motions.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("history", [20, 33, 50])
def test_attention_is_a_distribution_over_complete_runs(history: int) -> None:
    model = build("hri", Shape(history, 25, 4))
    assert isinstance(model, HRI)
    weights = model.attention(windows(3, history).flatten(2))
    assert weights.shape == (3, history - 19)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(1), torch.ones(3))


def test_reversal_leaves_symmetric_windows_and_turns_half_of_the_others() -> None:
    plain, turning = build("simlpe"), build("simlpe", reverse=True)
    window = windows(200)[:, :30]
    symmetric = torch.cat([window[:, :15], window[:, :15].flip(1)], 1)
    assert turning.loss(symmetric).item() == pytest.approx(plain.loss(symmetric).item(), rel=1e-6)
    lowest, highest = sorted([plain.loss(window).item(), plain.loss(window.flip(1)).item()])
    with seeding.torch_stream(0, "reverse"):
        assert lowest < turning.loss(window).item() < highest


@given(future=st.integers(1, 40), every=st.integers(1, 6))
def test_predicted_frames_are_kept_and_lines_fill_the_rest(future: int, every: int) -> None:
    frames = future_frames(future, every)
    assert frames[-1] == future - 1
    assert len(frames) == math.ceil(future / every)
    matrix = filling(frames, future)
    torch.testing.assert_close(matrix[frames, 1:], torch.eye(len(frames), dtype=torch.float64))
    known = torch.cat([torch.tensor([-1]), frames]).double()
    torch.testing.assert_close(matrix @ known, torch.arange(future).double())


def test_published_horizons_are_predicted_frames() -> None:
    assert {2, 4, 8, 10, 14, 25} <= {int(frame) + 1 for frame in future_frames(25, 2)}


def test_draws_mask_as_many_joints_in_each_window_and_reach_their_share() -> None:
    model = AuxFormer(Shape(10, 25, 25), features=8, layers=1)
    history = torch.zeros(10, 64, 25, 3)
    with seeding.torch_stream(0, "draw"):
        seen, noise = model.draw(history)
    assert ((1 - seen).sum((0, 2)) == 100).all()
    reached = (noise != 0).all(-1)
    assert reached.float().mean().item() == pytest.approx(0.4, abs=0.02)
    assert 0.1 <= noise[reached].std().item() <= 1.0


def test_masked_joints_are_restored_without_being_seen() -> None:
    model = build("auxformer", derivatives=0)
    assert isinstance(model, AuxFormer)
    history = windows(2)[:, :20].transpose(0, 1) / 100
    seen, noise = model.draw(history)
    seen[-1] = 1  # the last pose is what all outputs are relative to
    other = torch.where(seen[..., None] > 0, history, history + 10)
    torch.testing.assert_close(model.tasks(other, seen, noise)[1], model.tasks(history, seen, noise)[1])
    seen[3] = 0
    assert model.tasks(history, seen, noise)[1].isfinite().all()


def test_the_rate_drops_once() -> None:
    recipe = Recipe(epochs=8, batch=1, rate=3e-4, schedule="drop", decay=1 / 30)
    assert [recipe.rate_at(progress) for progress in (0, 5.99)] == [3e-4, 3e-4]
    assert [recipe.rate_at(progress) for progress in (6, 7.99)] == pytest.approx([1e-5, 1e-5])


@pytest.mark.parametrize("layout", ["strided", "contiguous"])
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-20, 1.0, 1e3]))
@settings(max_examples=20)
def test_lengths_are_those_of_torch_to_the_bit(layout: str, seed: int, scale: float) -> None:
    lengths_and_gradients = []
    for function in (length, lambda vectors: torch.linalg.vector_norm(vectors, dim=-1)):
        nodes = torch.randn(15, 7, 9, generator=torch.Generator().manual_seed(seed)).mul_(scale)
        nodes[:3, 0, 0] = 0
        nodes.requires_grad_()
        vectors = nodes.permute(1, 2, 0).unflatten(-1, (5, 3))
        lengths = function(vectors.contiguous() if layout == "contiguous" else vectors)
        lengths.mean().backward()
        lengths_and_gradients.append((lengths.detach(), nodes.grad))
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(*lengths_and_gradients, strict=True))
