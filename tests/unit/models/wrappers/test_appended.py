"""Networks beside a recognizer: it stays as it was, and what they say together is their mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from attack_cases import CLASSES, lanes_of, problem, small
from robust_cases import CPU, digest
from torch import Tensor

from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.models.wrappers.appended import Appended

FORMS: list[dict[str, Any]] = [
    {"form": "features"},
    {"form": "features", "hidden": 7, "members": 1},
    {"form": "logits"},
    {"form": "official", "average": "logits"},
]
EVERY = pytest.mark.parametrize("settings", FORMS, ids=str)


@pytest.fixture(scope="module")
def inner() -> Recognizer:
    return small("st_gcn")


@pytest.fixture(scope="module")
def clip(inner: Recognizer) -> Tensor:
    return problem(inner, 7).position


def trained(inner: Recognizer, **settings: Any) -> Appended:
    """Networks whose weights are no longer those that they began with."""
    whole = Appended(inner, **settings).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in whole.appended:
            weight.copy_(0.5 * torch.randn(weight.shape, generator=generator))
    return whole


@pytest.mark.parametrize("mode", [True, False])
def test_the_recognizer_stays_in_eval_mode_in_whatever_mode_the_wrapper_is(clip: Tensor, mode: bool) -> None:
    whole = Appended(small("st_gcn").train())
    before = digest(whole.inner)
    for step in (whole.train(mode), torch.nn.Sequential(whole).train(mode)):
        assert step.training == whole.training == mode
        assert not any(module.training for module in whole.inner.modules())
        whole(clip)
    assert digest(whole.inner) == before  # no statistics moved
    assert not any(parameter.requires_grad for parameter in whole.inner.parameters())
    assert all(weight.requires_grad for weight in whole.appended)


@pytest.mark.parametrize("form", ["features", "logits"])
def test_at_first_the_recognizer_alone_speaks(inner: Recognizer, clip: Tensor, form: Any) -> None:
    whole = Appended(inner, form=form)
    logits = inner(clip)
    assert all(torch.equal(vote, logits) for vote in whole.votes(*whole.seen(clip)))
    assert whole(clip).argmax(1).tolist() == logits.argmax(1).tolist()
    torch.testing.assert_close(whole(clip), logits.log_softmax(1), atol=1e-6, rtol=0)


def test_members_begin_apart(inner: Recognizer) -> None:
    first = Appended(inner, members=3).first
    assert (first[0] - first[1]).abs().min() > 0
    assert first.abs().max() <= first.shape[1] ** -0.5


@EVERY
def test_votes_are_those_of_a_plain_loop_over_members(
    inner: Recognizer, clip: Tensor, settings: dict[str, Any]
) -> None:
    whole = trained(inner, **settings)
    features, logits = inner.features(clip), inner(clip)
    votes = whole.votes(*whole.seen(clip))
    assert len(votes) == settings.get("members", 5)
    for member, vote in enumerate(votes):
        first, first_bias, second, second_bias = (weight[member] for weight in whole.appended)
        for row in range(len(clip)):
            if settings["form"] == "official":
                z = logits[row].clamp_min(0)
                expected = z + ((z @ first + first_bias) @ second + second_bias).clamp_min(0)
            else:
                seen = features[row] if settings["form"] == "features" else logits[row]
                expected = logits[row] + (seen @ first + first_bias).clamp_min(0) @ second + second_bias
            torch.testing.assert_close(vote[row], expected, atol=1e-4, rtol=1e-4)
    width = inner.classifier.in_features if settings["form"] == "features" else CLASSES
    assert whole.first.shape[1:] == (width, settings.get("hidden", width))


def test_what_they_say_is_the_logarithm_of_their_mean_softmax(inner: Recognizer, clip: Tensor) -> None:
    whole = trained(inner)
    votes = whole.votes(*whole.seen(clip)).double()
    mean = torch.stack([vote.exp() / vote.exp().sum(1, keepdim=True) for vote in votes]).mean(0)
    torch.testing.assert_close(whole(clip).double(), mean.log(), atol=1e-4, rtol=1e-4)
    assert (votes[0] - votes[1]).abs().max() > 0.1
    assert (votes.mean(0).softmax(1) - mean).abs().max() > 1e-3  # no mean of logits


def test_the_released_code_averages_logits(inner: Recognizer, clip: Tensor) -> None:
    whole = trained(inner, form="official", average="logits")
    torch.testing.assert_close(whole(clip), whole.votes(*whole.seen(clip)).mean(0))


def test_a_draw_is_of_one_member_for_each_clip(inner: Recognizer, clip: Tensor) -> None:
    whole = trained(inner)
    votes = whole.votes(*whole.seen(clip))
    picked = [4, 0, 2, 2, 1, 3, 4]
    said = whole.draw(clip, lambda draw: torch.tensor(picked)[:, None].float())
    for row, member in enumerate(picked):
        assert torch.equal(said[row], votes[member, row])


def test_a_draw_is_by_the_clip_s_chance_alone(inner: Recognizer) -> None:
    whole, of = trained(inner, members=3), problem(inner, 7)
    votes = whole.votes(*whole.seen(of.position))

    def members(rows: list[int]) -> list[list[int]]:
        """The member that each clip is answered by, in 12 draws."""
        lanes = lanes_of(of.take(rows))
        draws = [whole.draw(lanes.x, lanes.drawn) for _ in range(12)]
        apart = [(votes[:, rows] - said).abs().amax(2) for said in draws]
        assert all(nearest.min(0).values.max() < 1e-4 for nearest in apart)
        return torch.stack([nearest.argmin(0) for nearest in apart], 1).tolist()

    together = members(list(range(7)))
    assert all(set(drawn) == {0, 1, 2} for drawn in together)
    assert len(set(map(tuple, together))) > 1
    assert members([2, 5]) == [together[2], together[5]]


def test_an_attacker_sees_past_a_softmax_that_is_full(inner: Recognizer, clip: Tensor) -> None:
    whole = trained(inner, form="official", average="logits")
    expected = inner(clip) + whole.votes(*whole.seen(clip)).mean(0)
    torch.testing.assert_close(whole.exposed(clip, lambda draw: torch.zeros(7, 1)), expected)
    with torch.no_grad():
        whole.inner.classifier.bias.sub_(100)  # all of its ReLUs are dead
    x = clip.clone().requires_grad_()
    assert not torch.autograd.grad(whole(x)[:, 0].sum(), x)[0].any()
    assert torch.autograd.grad(whole.exposed(x, lambda draw: draw(torch.Generator()))[:, 0].sum(), x)[0].any()
    with torch.no_grad():
        whole.inner.classifier.bias.add_(100)


@EVERY
def test_stored_and_loaded_it_says_the_same(clip: Tensor, tmp_path: Path, settings: dict[str, Any]) -> None:
    inner = RECOGNIZERS.build("st_gcn", small("st_gcn").shape, "small", 1)
    whole = trained(inner, **settings)
    description = {
        "recognizer": "st_gcn",
        "settings": RECOGNIZERS.settings_of("st_gcn", "small"),
        "wrapper": {"wrapper": "appended", "settings": settings},
    }
    RECOGNIZERS.save(tmp_path / "m.safetensors", whole, description)
    state = torch.get_rng_state().clone()
    loaded, described = RECOGNIZERS.load(tmp_path / "m.safetensors", CPU)
    assert isinstance(loaded, Appended)
    assert described["wrapper"] == description["wrapper"]
    assert torch.equal(loaded(clip), whole(clip))
    assert not loaded.training
    assert torch.equal(torch.get_rng_state(), state)  # weights that are read are drawn from no one's chance


@pytest.mark.parametrize(
    ("wrapper", "line"),
    [
        ({"wrapper": "appended", "settings": {"members": 0}}, "wrapper 'appended': settings.members: found 0"),
        ({"wrapper": "appended", "settings": {"form": "deep"}}, "settings.form: found 'deep', expected one of"),
        ({"wrapper": "appended", "settings": {"layers": 3}}, "settings.layers: found an unknown key"),
        ({"wrapper": "smoothed", "settings": {"sigma": 0}}, "wrapper 'smoothed': settings.sigma: found 0"),
        ({"wrapper": "smoothed", "settings": {"sigma": 1, "space": "rotations"}}, "body: found none, expected one"),
        ({"wrapper": "boxed", "settings": {}}, "found 'boxed', expected one of"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(inner: Recognizer, wrapper: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(line)) as raised:
        RECOGNIZERS.wrapped(inner, wrapper)
    assert "\n" not in str(raised.value)
