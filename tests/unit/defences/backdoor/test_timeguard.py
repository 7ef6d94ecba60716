from __future__ import annotations

from pathlib import Path

import defended
import numpy as np
import pytest
import torch

from kinesec.defences.backdoor import timeguard
from kinesec.defences.backdoor.timeguard import Growth, Guarded, Pool
from kinesec.defences.base import Detection, Repair, Statistic
from kinesec.defences.cases.prediction import Case
from kinesec.errors import KinesecError
from kinesec.jobs.defend import defend
from kinesec.metrics.detection import auc
from kinesec.models.predictors.base import Predictor, Shape

LENGTH = defended.HISTORY + defended.FUTURE
USED = 9  # chest to feet: the root stays where it is


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("defended")


@pytest.fixture(scope="module")
def case(folder: Path) -> Case:
    return defended.case(folder, epochs=0, **defended.SETTINGS)


class Held(Predictor):
    """Goes on where the history ends."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, history: torch.Tensor) -> torch.Tensor:
        return self.scale * history[:, -1:].expand(-1, self.shape.future, -1, -1)

    def loss(self, window: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


def test_distances_are_of_the_future_or_backwards_of_the_past(case: Case) -> None:
    data = case.training_sets["victim"]
    window = data.batch(torch.arange(5)).numpy().astype(np.float64)
    ahead = timeguard.joint_distances(Held(Shape(8, 8, USED)), data.batch(torch.arange(5)), False)
    back = timeguard.joint_distances(Held(Shape(10, 6, USED)), data.batch(torch.arange(5)), True)
    assert ahead.detach().numpy() == pytest.approx(
        np.linalg.norm(window[:, 8:] - window[:, 7:8], axis=-1).mean(1), rel=1e-4, abs=1e-3
    )
    assert back.detach().numpy() == pytest.approx(
        np.linalg.norm(window[:, :6] - window[:, 6:7], axis=-1).mean(1), rel=1e-4, abs=1e-3
    )


def test_a_loss_is_the_mean_over_reliable_pairs_alone(case: Case) -> None:
    data = case.training_sets["victim"]
    rng = np.random.default_rng(0)
    mask = torch.from_numpy(rng.random((len(data), USED)) < 0.05)
    pool = Pool.of(data, mask)
    assert pool.index.tolist() == np.flatnonzero(mask.numpy().any(1)).tolist()
    model = Held(Shape(8, 8, USED))
    index = torch.tensor([3, 0, 7])
    loss = Guarded(model, case.recipe, pool, 0, False).loss(index, torch.Generator())
    rows = pool.index[index]
    distance = timeguard.joint_distances(model, data.batch(rows), False)
    assert loss.item() == pytest.approx(distance[mask[rows]].mean().item(), rel=1e-5)
    mask[:] = False
    with pytest.raises(KinesecError, match="found a pool of 0 windows"):
        Pool.of(data, mask)


def test_a_squared_distance_of_profiles_is_2_less_twice_the_weighted_correlation(case: Case) -> None:
    data = case.training_sets["victim"]
    profile = timeguard.profiles(data, 8, 2.0, 1e-6).double()
    window = data.batch(torch.arange(len(data))).double().numpy()
    weight = np.exp(-((np.arange(LENGTH) - 8) ** 2) / 8)
    weight = np.repeat(weight / weight.sum(), 3) / 3
    for joint, first, second in ((3, 0, 90), (5, 17, 200)):
        a, b = (
            (window[row, :, joint] - np.average(window[row, :, joint], axis=0, weights=weight[::3])).ravel()
            for row in (first, second)
        )
        r = (weight * a * b).sum() / np.sqrt((weight * a * a).sum() * (weight * b * b).sum())
        apart = (profile[joint, first] - profile[joint, second]).square().sum().item()
        assert apart == pytest.approx(2 * (1 - r), abs=1e-4)
    # whatever hardly moves is small, not blown up
    assert timeguard.profiles(data, 8, 2.0, 1e9).abs().max() < 1e-4


def test_neighbours_are_the_nearest_of_windows_without_a_common_frame() -> None:
    rng = np.random.default_rng(1)
    profile = torch.from_numpy(rng.normal(size=(2, 150, 4)))
    start = torch.from_numpy(np.sort(rng.integers(0, 400, 150)))
    among = torch.arange(0, 150, 2)
    distance, index = timeguard.neighbours(profile, start, 16, 5, among)
    assert distance.shape == index.shape == (2, 150, 5)
    for joint in range(2):
        for row in range(0, 150, 3):
            allowed = [other for other in among.tolist() if abs(start[other] - start[row]) >= 16]
            apart = np.linalg.norm(profile[joint, allowed] - profile[joint, row], axis=1)
            order = np.argsort(apart)[:5]
            assert index[joint, row].tolist() == [allowed[place] for place in order]
            assert distance[joint, row].numpy() == pytest.approx(apart[order])
    with pytest.raises(KinesecError, match="windows to be neighbours, expected 80"):
        timeguard.neighbours(profile, start, 16, 80, among)


def test_only_unreliable_neighbours_count() -> None:
    distance = torch.tensor([[[1.0, 3.0], [2.0, 4.0], [5.0, 6.0]]])
    index = torch.tensor([[[1, 2], [0, 2], [0, 1]]])
    reliable = torch.tensor([[True], [False], [True]])
    assert timeguard.apart(distance, index, reliable).tolist() == [[1.0], [torch.inf], [6.0]]


def test_pools_take_per_joint_what_is_far_and_easy(case: Case) -> None:
    score = torch.tensor([[3.0, 0.0], [1.0, 5.0], [2.0, 4.0], [0.0, 9.0]])
    assert timeguard.chosen(score, 0.5, largest=True).tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    assert timeguard.chosen(score, 0.5, largest=False).tolist() == [[0, 1], [1, 0], [0, 1], [1, 0]]
    assert timeguard.chosen(score, 7.0, largest=True).all()
    data = case.training_sets["victim"]
    rng = np.random.default_rng(0)
    n = len(data)
    told = torch.from_numpy(rng.random((n, USED)))
    distance = torch.from_numpy(rng.random((USED, n, 6)))
    index = torch.from_numpy(rng.integers(0, n, (USED, n, 6)))
    growth = Growth(data, told, (distance, index), k=2, first=0.4, last=0.8, spare=1.25)
    assert growth.far.numpy() == pytest.approx(distance[..., :2].mean(-1).numpy().T)
    begun = growth.begun()
    easy, far = timeguard.chosen(told, 0.4, largest=False), timeguard.chosen(growth.far, 0.4, largest=True)
    assert torch.equal(begun, easy & far)
    model = Held(Shape(8, 8, USED))
    grown = growth.grown(model, 0.5, begun)
    assert grown.sum(0).tolist() == [int(0.6 * n)] * USED
    candidates = timeguard.chosen(timeguard.apart(distance, index, begun), 0.75, largest=True)
    assert not (grown & ~candidates).any()
    errors = timeguard.all_distances(model, data, False)
    for joint in range(USED):
        assert errors[grown[:, joint], joint].max() <= errors[(candidates & ~grown)[:, joint], joint].min()
    random = Growth(data, told, (distance, index), 2, 0.4, 0.8, 1.25, np.random.default_rng(0))
    assert random.begun().sum(0).tolist() == [int(begun.float().mean().item() * n)] * USED
    assert random.grown(model, 1.0, begun).sum(0).tolist() == [int(0.8 * n)] * USED


def test_what_is_trained_anew_is_told_beside_the_model_that_it_replaces(folder: Path) -> None:
    """Moving targets cluster, so that the distance to neighbours tells them; the same seed makes the same outcomes."""
    case = defended.case(folder, target="moving", epochs=0, **defended.SETTINGS)
    settings = {"backwards": 1, "warm_up": 1, "epochs": 2, "k": 5, "cached": 8, "first": 0.4, "last": 0.6}
    first, again = (
        defend(case, "timeguard", {**settings, "gates": gates}) for gates in (["timeguard", "random"], ["timeguard"])
    )
    repairs = [outcome for outcome in first if isinstance(outcome, Repair)]
    keys = [(outcome.setting, outcome.model, outcome.epoch) for outcome in repairs]
    gates = ("gate=timeguard", "gate=random")
    assert keys == [(gate, model, epoch) for model in ("victim", "clean") for gate in gates for epoch in (0, 3)]
    for repair in repairs:
        before = case.errors(case.models[repair.model])["triggered"]
        assert np.array_equal(repair.error["triggered"], before) == (repair.epoch == 0)
    twins = [outcome for outcome in again if isinstance(outcome, Repair)]
    same = [repair for repair in repairs if repair.setting == "gate=timeguard"]
    assert all(np.array_equal(one.error["clean"], other.error["clean"]) for one, other in zip(same, twins, strict=True))
    pools = {(outcome.setting, outcome.model): outcome for outcome in first if isinstance(outcome, Statistic)}
    for model in ("victim", "clean"):
        begun = pools["gate=timeguard pool=first", model].n
        assert begun - USED < pools["gate=random pool=first", model].n <= begun
        for gate in gates:
            assert pools[f"{gate} pool=last", model].n == USED * int(0.6 * len(case.training))
        assert 15 < pools["gate=random pool=last", model].value < 25
    scores = {outcome.setting: outcome.score for outcome in first if isinstance(outcome, Detection)}
    assert set(scores) == {"of=reverse", "of=neighbours", "of=pool"}
    areas = {name: auc(score, case.marked[name])[0] for name, score in scores["of=neighbours"].items()}
    assert areas["victim"] > 0.75
    assert 0.35 < areas["clean"] < 0.65
    # two later epochs of nine joints: eighteen chances to be lacking
    lacked = 2 * USED * scores["of=pool"]["victim"]
    assert lacked == pytest.approx(lacked.round(), abs=1e-4)
    assert lacked.round().sum() == 2 * USED * len(case.training) - USED * (int(0.4 * 410) + int(0.6 * 410))
