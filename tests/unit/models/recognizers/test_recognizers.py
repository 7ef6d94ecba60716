"""What holds for every recognizer, and what is particular to each."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim.swa_utils import update_bn

from kinesec import names, seeding
from kinesec.errors import ConfigError, KinesecError
from kinesec.models.recognizers.base import NTU_PUBLISHED, ClipShape, Graph, Recipe, Recognizer
from kinesec.motion.graph import directed_partitions, incidence, scales, spatial_partitions
from kinesec.motion.skeleton import Skeleton, guess_groups
from kinesec.sources.procedural.body import performer
from kinesec.sources.readers import ntu

ASF_CHAINS = (
    "root lhipjoint lfemur ltibia lfoot ltoes",
    "root rhipjoint rfemur rtibia rfoot rtoes",
    "root lowerback upperback thorax lowerneck upperneck head",
    "thorax lclavicle lhumerus lradius lwrist lhand lfingers",
    "lwrist lthumb",
    "thorax rclavicle rhumerus rradius rwrist rhand rfingers",
    "rwrist rthumb",
)
NAMES = ("hrnn", "st_gcn", "as_gcn", "agcn", "dgnn", "ms_g3d", "sgn", "ctr_gcn")
EVERY = pytest.mark.parametrize("name", NAMES)
ONE_BODY = ("hrnn", "sgn")  # published for one body: those that are zero are left out
FRAMES = 32
# the last four are what AS-GCN predicts; SGN looks at the middle of each of its segments
SEEN = {"as_gcn": range(28), "sgn": (np.arange(20) + 0.5) * 1.6 // 1}


def asf_skeleton() -> Skeleton:
    """The 31 joints of HDM05 and of CMU's ASF files."""
    parents = {"root": ""}
    for chain in map(str.split, ASF_CHAINS):
        parents |= dict(zip(chain[1:], chain[:-1], strict=True))
    joints = tuple(parents)
    indices = tuple(joints.index(parent) if parent else -1 for parent in parents.values())
    return Skeleton(joints, indices, np.ones((31, 3)), groups=guess_groups(joints, indices))


def ntu_skeleton() -> Skeleton:
    return Skeleton(ntu.NAMES, ntu.PARENTS, np.ones((25, 3)), groups=ntu.GROUPS)


SKELETONS = {"asf": asf_skeleton(), "procedural": performer(0, 1).skeleton, "ntu": ntu_skeleton()}
GRAPH = Graph.of(SKELETONS["procedural"])


def shape(graph: Graph = GRAPH, bodies: int = 2, classes: int = 4) -> ClipShape:
    return ClipShape(FRAMES, len(graph), bodies, classes, graph)


def build(name: str, clips: ClipShape | None = None, **changes: Any) -> Recognizer:
    """A small recognizer in eval mode whose weights are not near those that make a layer begin as nothing."""
    module = names.load("models.recognizers", name)
    with seeding.torch_stream(0, "init"), torch.no_grad():
        model: Recognizer = module.RECOGNIZER(clips or shape(), **{**module.SMALL, **changes})
        for key, parameter in model.named_parameters():
            if "norm" in key:
                parameter.fill_(1.1 if key.endswith("weight") else 0.1)
            elif parameter.abs().max() < 1e-3:
                parameter.add_(0.1)
            elif parameter.dim() > 1 and 0 < parameter.std() < 0.03:
                parameter.mul_(5)
    return model.eval()


def clips(count: int, joints: int = 26, bodies: int = 2, seed: int = 0) -> torch.Tensor:
    """Smooth motions about a pose, joints at speeds and phases of their own."""
    rng = np.random.default_rng(seed)
    speed, phase = rng.uniform(0.05, 0.4, (2, count, bodies, 1, joints, 3)) * np.array([1, 20]).reshape(
        2, 1, 1, 1, 1, 1
    )
    swing = np.sin(speed * np.arange(FRAMES)[:, None, None] + phase)
    return torch.from_numpy(rng.standard_normal((count, bodies, 1, joints, 3)) + 0.3 * swing).float()


def test_there_are_eight() -> None:
    assert names.available("models.recognizers") == sorted(NAMES)


@EVERY
def test_logits_of_a_clip_are_its_own(name: str) -> None:
    model, batch = build(name), clips(5)
    logits = model(batch)
    assert logits.shape == (5, 4)
    assert (logits - logits[0]).abs().amax(1)[1:].min() > 1e-4
    torch.testing.assert_close(torch.cat([model(clip[None]) for clip in batch]), logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(model(batch), logits, rtol=0, atol=0)


@EVERY
@pytest.mark.parametrize("skeleton", SKELETONS)
@pytest.mark.parametrize("bodies", [1, 2])
def test_any_skeleton_and_one_body_or_two(name: str, skeleton: str, bodies: int) -> None:
    graph = Graph.of(SKELETONS[skeleton])
    logits = build(name, shape(graph, bodies))(clips(2, len(graph), bodies))
    assert logits.shape == (2, 4)
    assert logits.isfinite().all()


@EVERY
def test_a_missing_body_is_one_of_zeros(name: str) -> None:
    model, batch = build(name), clips(3)
    alone = model(batch[:, :1])
    torch.testing.assert_close(
        model(torch.cat([batch[:, :1], torch.zeros_like(batch[:, :1])], 1)), alone, rtol=0, atol=0
    )
    assert (model(batch) - alone).abs().max() > 1e-4
    if name in ONE_BODY:
        single = build(name, shape(bodies=1))
        single.load_state_dict(model.state_dict())
        torch.testing.assert_close(single(batch[:, :1]), alone)


@EVERY
def test_gradients_reach_what_is_seen(name: str) -> None:
    model, batch = build(name), clips(2).requires_grad_()
    model(batch).square().sum().backward()
    assert batch.grad is not None
    assert batch.grad.isfinite().all()
    moved = batch.grad.abs().amax((0, 1, 3, 4)) > 0
    assert sorted(SEEN.get(name, range(FRAMES))) == moved.nonzero()[:, 0].tolist()
    assert (batch.grad.abs().amax((2, 4)) > 0).all()


@EVERY
def test_eight_clips_are_learned_by_heart(name: str) -> None:
    module = names.load("models.recognizers", name)
    batch, label = clips(8, bodies=1, seed=3), torch.arange(8) % 4
    with seeding.torch_stream(0, "init"):
        model = module.RECOGNIZER(shape(bodies=1), **module.SMALL)
        optimiser = torch.optim.Adam(model.parameters(), 5e-3)
        for _ in range(25):
            optimiser.zero_grad()
            model.loss(batch, label).backward()
            optimiser.step()
        update_bn([batch], model)  # so few steps leave running averages behind
    assert model.eval()(batch).argmax(1).tolist() == label.tolist()


@EVERY
def test_logits_are_linear_in_the_features(name: str) -> None:
    model, batch = build(name), clips(2)
    torch.testing.assert_close(model.classifier(model.features(batch)), model(batch))


@EVERY
@pytest.mark.parametrize(
    "wrong",
    [
        (2, 2, FRAMES, 25, 3),
        (2, 2, FRAMES - 1, 26, 3),
        (2, 3, FRAMES, 26, 3),
        (2, 0, FRAMES, 26, 3),
        (2, FRAMES, 26, 3),
    ],
)
def test_a_wrong_clip_is_one_clear_line(name: str, wrong: tuple[int, ...]) -> None:
    with pytest.raises(KinesecError) as error:
        build(name)(torch.zeros(wrong))
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith(f"recognizer {name!r}: found a clip of shape {wrong}, expected ")
    assert "1 to 2 bodies, 32 frames, 26 joints, 3" in line


@pytest.mark.parametrize(
    ("name", "frames", "changes"),
    [
        ("sgn", 19, {}),
        ("as_gcn", 11, {"future": 10}),
        ("agcn", 32, {"stream": "x"}),
        ("dgnn", 32, {"stream": "x"}),
        ("ms_g3d", 32, {"width": 20}),
        ("ms_g3d", 32, {"windows": [4]}),
        ("ctr_gcn", 32, {"widths": [12]}),
        ("agcn", 32, {"widths": [6]}),
        ("st_gcn", 32, {"widths": []}),
        ("hrnn", 32, {"units": [8, 8]}),
    ],
)
def test_a_wrong_setting_is_one_clear_line(name: str, frames: int, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"found .*, expected") as error:
        build(name, replace(shape(), frames=frames), **changes)
    assert "\n" not in str(error.value)


def test_hrnn_names_the_body_parts_that_it_misses() -> None:
    parts = (*GRAPH.parts[:4], ())
    with pytest.raises(ConfigError, match="found no joints of right_leg, expected"):
        build("hrnn", shape(replace(GRAPH, parts=parts)))
    with pytest.raises(ConfigError, match="found no joints of trunk, left_arm"):
        build("hrnn", shape(replace(GRAPH, parts=())))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("st_gcn", 3_098_832),
        ("agcn", 3_469_510),
        ("dgnn", 4_089_320),
        ("ms_g3d", 3_194_595),
        ("sgn", 691_048),
        ("ctr_gcn", 1_446_672),
        ("as_gcn", 6_987_478 + 417_798),  # the recognizer and the inference of links
    ],
)
def test_published_sizes(name: str, count: int) -> None:
    bodies = 1 if name == "sgn" else 2
    model = names.load("models.recognizers", name).RECOGNIZER(ClipShape(300, 25, bodies, 60, NTU_PUBLISHED))
    assert sum(p.numel() for p in model.parameters()) == count


@EVERY
def test_recipes_name_a_whole_training(name: str) -> None:
    recipe: Recipe = names.load("models.recognizers", name).RECIPE
    assert recipe.warm_up < min(recipe.milestones) <= max(recipe.milestones) < recipe.epochs
    assert list(recipe.milestones) == sorted(recipe.milestones)


@pytest.mark.parametrize("name", ["st_gcn", "as_gcn", "agcn", "dgnn", "ms_g3d", "ctr_gcn"])
def test_the_graph_is_all_that_tells_joints_apart(name: str) -> None:
    """Joints in another order, in the graph as in the clip, change nothing before training."""
    order = np.random.default_rng(0).permutation(26).tolist()
    place = {joint: index for index, joint in enumerate(order)}
    parents = tuple(place.get(GRAPH.parents[joint], -1) for joint in order)
    batch = clips(2).double()
    logits = build(name).double()(batch)
    renamed = build(name, shape(Graph(parents))).double()(batch[:, :, :, order])
    scale = (logits[0] - logits[1]).abs().max()
    assert (renamed - logits).abs().max() < 1e-3 * scale
    assert (build(name).double()(batch[:, :, :, order]) - logits).abs().max() > 1e-2 * scale


@pytest.mark.parametrize(("name", "stream"), [("agcn", "bone"), ("dgnn", "motion")])
def test_streams_do_not_see_where_a_body_stands(name: str, stream: str) -> None:
    batch = clips(2)
    away = batch + torch.tensor([1.0, 0.0, -2.0])
    model = build(name, stream=stream)
    torch.testing.assert_close(model(away), model(batch), rtol=1e-3, atol=1e-4)
    assert (build(name)(away) - build(name)(batch)).abs().max() > 1e-3


def test_as_gcn_trains_its_links_first_and_then_leaves_them() -> None:
    model, batch, label = build("as_gcn").train(), clips(4), torch.arange(4)

    def trained(pretraining: bool) -> set[bool]:
        model.pretraining = pretraining
        model.zero_grad(set_to_none=True)
        with seeding.torch_stream(0, "dropout"):
            model.loss(batch, label).backward()
        return {key.startswith("inference.") for key, p in model.named_parameters() if p.grad is not None}

    assert trained(True) == {True}
    assert trained(False) == {False}


def test_as_gcn_links_are_samples_in_training_alone() -> None:
    model, batch = build("as_gcn"), clips(2)
    motion = model.motion(batch)
    links = model.inference(motion)
    torch.testing.assert_close(links, model.inference(motion), rtol=0, atol=0)
    torch.testing.assert_close(links.sum(2), torch.full_like(links.sum(2), 0.1))
    model.inference.train()
    with seeding.torch_stream(0, "links"):
        draws = torch.stack([model.inference(motion) for _ in range(8)])
    assert (draws != draws[0]).any()


def test_dgnn_freezes_its_incidence() -> None:
    model = build("dgnn")
    frozen = {id(p) for p in model.frozen()}
    assert {key.rpartition(".")[2] for key, p in model.named_parameters() if id(p) in frozen} == {"source", "target"}
    assert len(frozen) == 2 * 4


def test_shapes_survive_json() -> None:
    assert ClipShape.from_attrs(json.loads(json.dumps(asdict(shape())))) == shape()


@pytest.mark.parametrize("change", [{"frames": 0}, {"joints": 25}, {"classes": 0}])
def test_a_wrong_shape_is_one_clear_line(change: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=r"^clip shape: found .*, expected"):
        replace(shape(), **change)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    joints = draw(st.integers(2, 14))
    tree = [-1, *(draw(st.integers(0, joint - 1)) for joint in range(1, joints))]
    skeleton = Skeleton(tuple(f"joint{j}" for j in range(joints)), tuple(tree), np.zeros((joints, 3)))
    return Graph.of(skeleton, draw(st.none() | st.integers(0, joints - 1)))


def test_centre_and_parts_of_ntu_are_the_published_ones() -> None:
    graph = Graph.of(SKELETONS["ntu"])
    assert graph.centre == NTU_PUBLISHED.centre == 20
    assert graph.parts == NTU_PUBLISHED.parts


@pytest.mark.parametrize("skeleton", SKELETONS)
def test_each_joint_is_in_one_part(skeleton: str) -> None:
    graph = Graph.of(SKELETONS[skeleton])
    assert sorted(joint for part in graph.parts for joint in part) == list(range(len(graph)))


@pytest.mark.parametrize("parents", [(-1, -1), (1, 0), (-1, 2, 1), (-1, 5)])
def test_a_graph_has_one_centre_and_ways_to_it(parents: tuple[int, ...]) -> None:
    with pytest.raises(KinesecError, match=r"^graph: .*, expected"):
        Graph(parents)


@given(graph=graphs(), reach=st.integers(1, 4))
@settings(max_examples=40)
def test_partitions_average_over_the_neighbours(graph: Graph, reach: int) -> None:
    subsets = spatial_partitions(graph, reach)
    assert len(subsets) == 1 + 2 * reach
    assert ((subsets > 0).sum(0) == (graph.hops <= reach)).all()
    np.testing.assert_allclose(subsets.sum((0, 1)), 1)
    hops = [0, *(hop for hop in range(1, reach + 1) for _ in range(2))]
    assert all((graph.hops[subset > 0] == hop).all() for subset, hop in zip(subsets, hops, strict=True))
    itself, parent, children = directed_partitions(graph)
    assert (itself == np.eye(len(graph))).all()
    assert all(parent[graph.parents[j], j] == 1 for j in range(len(graph)) if j != graph.centre)
    assert ((children > 0) == (parent.T > 0)).all()
    assert set(np.round(children.sum(0), 9)) <= {0.0, 1.0}


@given(graph=graphs(), count=st.integers(1, 5), window=st.sampled_from([1, 3]))
@settings(max_examples=40)
def test_scales_hold_each_distance_once(graph: Graph, count: int, window: int) -> None:
    masks = scales(graph, count, window) > 0
    itself = np.eye(window * len(graph), dtype=bool)
    assert (masks & itself == itself).all()
    assert ((masks & ~itself).sum(0) <= 1).all()
    hops = np.tile(np.maximum(graph.hops, 1), (window, window))
    assert all((hops[mask & ~itself] == scale).all() for scale, mask in enumerate(masks))
    assert (masks == masks.transpose(0, 2, 1)).all()


@given(graph=graphs())
@settings(max_examples=40)
def test_incidence_weighs_a_joints_bones_alike(graph: Graph) -> None:
    pair = incidence(graph) - 1e-6
    np.testing.assert_allclose(pair.sum((0, 2)), 1)
    assert ((pair > 1e-9).sum(1) == 1).all()
    for bone, (parent, child) in enumerate(graph.links):
        assert pair[0, parent, bone] > 0
        assert pair[1, child, bone] > 0
