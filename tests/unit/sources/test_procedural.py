"""Procedural motion keeps the bounds that ``kinesec.sources.procedural`` states, and its actions can be told apart."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from kinesec.errors import ConfigError
from kinesec.motion.kinematics import bone_lengths, forward, matrices_from_quaternions
from kinesec.motion.recording import Motion
from kinesec.sources.datasets import procedural
from kinesec.sources.errors import BadFile
from kinesec.sources.procedural import limits as bounds
from kinesec.sources.procedural.body import HEIGHT_MM, Performer, performer
from kinesec.sources.procedural.curves import NOISE_LIMIT, ballistic, cover, noise
from kinesec.sources.procedural.take import ACTIONS, take

SIDES = ("Left", "Right")
FPS = 60.0
SMALL = {"performers": 3, "takes": 1, "seconds": 2.0, "actions": ["walk", "sit_down"]}
people = st.tuples(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 5))


def joint(motion: Motion, name: str) -> np.ndarray:
    return motion.position[:, motion.skeleton.names.index(name)].astype(np.float64)


def vector(motion: Motion, name: str) -> np.ndarray:
    """Local rotation vectors (frame, xyz) of a joint, degrees."""
    quaternion = motion.rotation[:, motion.skeleton.names.index(name)]
    return Rotation.from_quat(quaternion, scalar_first=True).as_rotvec(degrees=True)


def slips(motion: Motion, who: Performer) -> list[float]:
    """How far each toe base moves horizontally in each stretch of frames in which it stays near the floor."""
    distances = []
    for side in SIDES:
        ball = joint(motion, f"{side}ToeBase")
        near = np.concatenate([[False], ball[:, 1] < who.ball_height + bounds.CONTACT_MM, [False]])
        edges = np.flatnonzero(np.diff(near.astype(int)))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            place = ball[first:last, [0, 2]]
            distances.append(float(np.linalg.norm(place[:, None] - place, axis=-1).max()))
    return distances


@pytest.mark.parametrize("action", ACTIONS)
@settings(max_examples=6)
@given(person=people)
def test_a_take_keeps_the_stated_bounds(action: str, person: tuple[int, int, int]) -> None:
    seed, number, repeat = person
    who = performer(seed, number)
    motion = take(who, action, repeat, seed=seed, seconds=5.0, fps=FPS)

    low, high = bounds.LENGTH
    assert low * 5.0 <= len(motion) / FPS <= high * 5.0
    metres = motion.position.astype(np.float64) / 1000
    assert np.linalg.norm(np.diff(metres, 2, axis=0), axis=-1).max() * FPS**2 < bounds.ACCELERATION
    assert np.linalg.norm(np.diff(metres, 3, axis=0), axis=-1).max() * FPS**3 < bounds.JERK

    slipped = slips(motion, who)
    assert len(slipped) >= 2
    assert max(slipped) <= bounds.SLIP_MM
    assert motion.position[..., 1].min() >= 0.0
    for side in SIDES:
        assert joint(motion, f"{side}ToeBase")[:, 1].min() >= who.ball_height - bounds.FLOOR_MM

    if action not in ("walk", "run"):
        ends = joint(motion, "Hips")[[0, -1], 1]
        assert np.abs(ends - who.standing).max() < bounds.STANDING_MM


@pytest.mark.parametrize("action", ACTIONS)
def test_knees_and_elbows_bend_one_way(action: str) -> None:
    for number in (1, 2, 3):
        motion = take(performer(5, number), action, 1, seed=5)
        for side, sign in zip(SIDES, (-1.0, 1.0), strict=True):
            knee, elbow = vector(motion, f"{side}Leg"), sign * vector(motion, f"{side}ForeArm")
            assert np.abs(knee[:, 1:]).max() < 1e-3
            assert np.abs(elbow[:, [0, 2]]).max() < 1e-3
            assert bounds.KNEE_DEGREES[0] <= knee[:, 0].min() <= knee[:, 0].max() <= bounds.KNEE_DEGREES[1]
            assert bounds.ELBOW_DEGREES[0] <= elbow[:, 1].min() <= elbow[:, 1].max() <= bounds.ELBOW_DEGREES[1]


def test_a_knee_points_forward_and_stays_before_the_line_from_hip_to_ankle() -> None:
    motion = take(performer(0, 1), "squat", 1)
    for side in SIDES:
        hip, knee, ankle, toe = (joint(motion, side + name) for name in ("UpLeg", "Leg", "Foot", "ToeBase"))
        ahead = np.sum((knee - (hip + ankle) / 2) * (toe - ankle) * [1, 0, 1], axis=-1)
        assert ahead.min() > 0


def test_rotations_give_the_positions() -> None:
    motion = take(performer(2, 4), "throw", 2, seed=2)
    assert motion.rotation is not None
    matrices = matrices_from_quaternions(motion.rotation.astype(np.float64))
    again = forward(matrices, joint(motion, "Hips"), motion.skeleton.offsets, motion.skeleton.parents)
    assert np.abs(again - motion.position).max() < 0.01


def test_groups_stand_on_their_anchors() -> None:
    skeleton = performer(0, 1).skeleton
    for side in SIDES:
        arm = skeleton.limb(f"{side.lower()}_arm")
        assert [skeleton.names[j] for j in arm] == [f"{side}ForeArm", f"{side}Hand", f"{side}Hand_end"]
        assert skeleton.names[skeleton.parents[arm[0]]] == f"{side}Arm"
        leg = skeleton.limb(f"{side.lower()}_leg")
        assert skeleton.names[skeleton.parents[leg[0]]] == f"{side}UpLeg"
    assert (skeleton.bone_lengths[1:] > 5).all()


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(1, 60), st.integers(61, 120))
def test_performers_differ_and_have_human_size(seed: int, first: int, other: int) -> None:
    a, b = performer(seed, first), performer(seed, other)
    for who in (a, b):
        assert HEIGHT_MM[0] <= who.height <= HEIGHT_MM[1]
        assert 0.49 < who.standing / who.height < 0.62
    assert np.abs(a.skeleton.bone_lengths - b.skeleton.bone_lengths).max() > 0.5
    assert performer(seed, first).lengths == a.lengths


def test_a_take_is_its_seeds_alone() -> None:
    who = performer(7, 2)
    first = take(who, "jump", 1, seed=7)
    take(who, "walk", 1, seed=7)
    assert np.array_equal(take(who, "jump", 1, seed=7).position, first.position)
    for other in (take(who, "jump", 2, seed=7), take(performer(8, 2), "jump", 1, seed=8)):
        size = min(len(other), len(first))
        assert np.abs(other.position[:size] - first.position[:size]).max() > 50


def test_arms_swing_against_the_legs_of_their_side() -> None:
    for action in ("walk", "run"):
        motion = take(performer(1, 3), action, 1, seed=1)
        across = joint(motion, "LeftUpLeg") - joint(motion, "RightUpLeg")
        ahead = np.cross(across, [0.0, 1.0, 0.0])
        for side in SIDES:
            hand = np.sum((joint(motion, f"{side}Hand") - joint(motion, f"{side}Arm")) * ahead, axis=-1)
            foot = np.sum((joint(motion, f"{side}Foot") - joint(motion, f"{side}UpLeg")) * ahead, axis=-1)
            assert np.corrcoef(hand, foot)[0, 1] < -0.5


def test_running_flies_and_walking_does_not() -> None:
    for number in (1, 2, 3):
        who = performer(3, number)
        airborne = {}
        for action in ("walk", "run"):
            motion = take(who, action, 1, seed=3)
            above = [joint(motion, f"{side}ToeBase")[:, 1] - who.ball_height for side in SIDES]
            above += [joint(motion, f"{side}Foot")[:, 1] - who.lengths["ankle"] for side in SIDES]
            airborne[action] = float(np.mean(np.min(above, axis=0) > bounds.CONTACT_MM))
        assert airborne["walk"] < 0.02
        assert airborne["run"] > 0.1


def test_actions_do_what_their_names_say() -> None:
    who = performer(4, 2)
    motions = {action: take(who, action, 1, seed=4) for action in ACTIONS}
    hips = {action: joint(motion, "Hips")[:, 1] for action, motion in motions.items()}
    assert hips["jump"].max() > who.standing + 150
    assert hips["squat"].min() < 0.7 * who.standing
    assert 350 < hips["sit_down"].min() < 620
    assert max(joint(motions["kick"], f"{side}Foot")[:, 1].max() for side in SIDES) > 0.25 * who.height
    assert max(joint(motions["wave"], f"{side}Hand")[:, 1].max() for side in SIDES) > 0.9 * who.height
    arm = who.lengths["upper_arm"] + who.lengths["forearm"]
    for action in ("punch", "throw"):
        motion = motions[action]
        reach = [np.linalg.norm(joint(motion, f"{s}Hand") - joint(motion, f"{s}Arm"), axis=-1).max() for s in SIDES]
        assert max(reach) > 0.97 * arm
    across = (joint(motions["turn"], "LeftUpLeg") - joint(motions["turn"], "RightUpLeg"))[:, [0, 2]]
    heading = np.degrees(np.unwrap(np.arctan2(across[:, 1], across[:, 0])))
    assert np.ptp(heading) > 75


def test_the_noise_setting_turns_sway_off() -> None:
    who = performer(0, 1)
    still, swaying = (take(who, "squat", 1, noise=amount).position[:10] for amount in (0.0, 1.0))
    assert np.ptp(still, axis=0).max() < 0.01 < np.ptp(swaying, axis=0).max()


def features(motion: Motion) -> np.ndarray:
    """Spread and mean of joint positions about the hips in the frame of the first hips, and the hips' own spread."""
    position = motion.position.astype(np.float64)
    across = position[:, motion.skeleton.names.index("LeftUpLeg")] - position[:, 0]
    yaw = np.arctan2(-across[:, 2], across[:, 0])
    about = position - position[:, :1]
    turned = np.einsum("fij,fkj->fki", Rotation.from_euler("y", -yaw[:, None]).as_matrix(), about)
    hips = position[:, 0]
    extents = [np.ptp(hips[:, 1]), np.ptp(hips[:, [0, 2]], axis=0).max(), 300 * np.ptp(np.unwrap(yaw))]
    return (
        np.concatenate([turned.mean(0).ravel(), 2 * turned.std(0).ravel(), 3 * np.array(extents)])
        / joint(motion, "Head_end")[:, 1].max()
    )


def test_a_nearest_neighbour_tells_actions_apart_across_performers() -> None:
    people = {number: performer(0, number) for number in range(1, 7)}
    samples = [
        (number, action, features(take(who, action, repeat)))
        for number, who in people.items()
        for action in ACTIONS
        for repeat in (1, 2)
    ]
    table = np.stack([row for _, _, row in samples])
    right = []
    for number, action, row in samples:
        distance = np.linalg.norm(table - row, axis=1)
        distance[[other == number for other, _, _ in samples]] = np.inf
        right.append(samples[int(distance.argmin())][1] == action)
    assert np.mean(right) > 0.8


def test_files_come_back_as_they_were_made(tmp_path: Path) -> None:
    files = procedural.generate(tmp_path, SMALL, progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)
    assert len(files) == 3 * 2
    for item in procedural.items(files, SMALL):
        (motion,) = procedural.read(tmp_path, item, SMALL)
        number = int(item.subject.removeprefix("performer"))
        made = take(performer(0, number), item.action, int(item.take), seconds=2.0)
        assert motion.fps == pytest.approx(FPS)
        assert motion.skeleton.names == made.skeleton.names
        assert motion.skeleton.groups == made.skeleton.groups
        assert np.abs(motion.position - made.position).max() < 0.01
        lengths = bone_lengths(motion.position.astype(np.float64), motion.skeleton.parents)
        assert np.ptp(lengths, axis=0).max() < bounds.BONE_MM


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    def digest(name: str, seed: int) -> str:
        files = procedural.generate(tmp_path / name, {**SMALL, "seed": seed}, progress=False)
        return hashlib.sha256(b"".join((tmp_path / name / file).read_bytes() for file in files)).hexdigest()

    assert digest("a", 3) == digest("b", 3) != digest("c", 4)


@settings(max_examples=60)
@given(st.data())
def test_splits_never_share_a_performer(data: st.DataObject) -> None:
    performers = data.draw(st.integers(3, 30))
    validation = data.draw(st.none() | st.integers(1, performers - 2))
    room = performers - 1 - (validation or max(1, performers // 6))
    test = data.draw(st.none() | st.integers(1, max(1, room)))
    chosen = {"performers": performers, "validation_performers": validation, "test_performers": test}
    if (validation or max(1, performers // 6)) + (test or max(1, performers // 6)) >= performers:
        with pytest.raises(ConfigError, match=r"^performers: "):
            procedural.items([], chosen)
        return
    files = [f"raw/performer{n:02d}_{a}_1.bvh" for n in range(1, performers + 1) for a in ("walk", "sit_down")]
    items = procedural.items([*reversed(files), "raw/README.md"], chosen)
    assert sorted(item.path for item in items) == sorted(files)
    subjects = {split: {item.subject for item in items if item.split == split} for split in ("train", "val", "test")}
    assert all(subjects.values())
    assert sum(map(len, subjects.values())) == performers
    assert max(subjects["val"]) < min(subjects["test"])
    assert {item.action for item in items} == {"walk", "sit_down"}


def test_six_performers_are_split_four_one_one() -> None:
    files = [f"performer{number:02d}_kick_2.bvh" for number in range(1, 7)]
    splits = [item.split for item in procedural.items(files, {})]
    assert splits == ["train"] * 4 + ["val", "test"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"actions": ["walk", "fly"]}, r"^actions: found 'fly', expected some of walk, run, .*turn$"),
        ({"actions": ["walk", "walk"]}, r"^actions: found 'walk' twice"),
        ({"actions": "walk"}, r"^actions: found 'walk', expected a list"),
        ({"actions": []}, r"^actions: found \[\]"),
        ({"actions": [3]}, r"^actions: found 3"),
        ({"performers": 2}, r"^performers: found 2, expected a whole number from 3"),
        ({"performers": 6.5}, r"^performers: found 6.5"),
        ({"performers": 4, "test_performers": 3}, r"^performers: found 4 with 1 for validation and 3 for test"),
        ({"takes": 0}, r"^takes: found 0"),
        ({"seconds": float("nan")}, r"^seconds: found nan"),
        ({"fps": "60"}, r"^fps: found '60'"),
        ({"noise": -1}, r"^noise: found -1"),
        ({"seed": True}, r"^seed: found True"),
    ],
)
def test_an_unusable_setting_is_named(wrong: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        procedural.generate(tmp_path / "new", wrong, progress=False)
    assert not (tmp_path / "new").exists()


def test_an_unknown_action_lists_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"actions: found 'fly', expected one of walk, "):
        take(performer(0, 1), "fly", 1)


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"found performer07_walk_1\.bvh, expected performers 1 to 6"):
        procedural.items(["performer07_walk_1.bvh"], {})
    with pytest.raises(ConfigError, match="found no take among 1 files"):
        procedural.items(["walk.bvh"], {})
    (tmp_path / "performer01_walk_1.bvh").write_text("HIERARCHY\n")
    (item,) = procedural.items(["performer01_walk_1.bvh"], {})
    with pytest.raises(BadFile):
        procedural.read(tmp_path, item, {})


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.floats(0.3, 6.0))
def test_noise_is_bounded_and_slow(seed: int, hertz: float) -> None:
    values = noise(np.random.default_rng(seed), FPS, (1200, 2), hertz)
    assert np.abs(values).max() <= NOISE_LIMIT
    power = np.abs(np.fft.rfft(values * np.hanning(1200)[:, None], axis=0)) ** 2
    fast = np.fft.rfftfreq(1200, 1 / FPS) > 4 * hertz
    assert power[fast].sum() < 0.01 * power.sum()


@settings(max_examples=30)
@given(st.lists(st.floats(0, 100), min_size=30, max_size=120))
def test_a_cover_is_nowhere_below(values: list[float]) -> None:
    curve = np.array(values)
    assert (cover(curve, FPS, 0.07) >= curve - 1e-9).all()


def test_a_flight_is_a_parabola() -> None:
    time = np.linspace(0, 0.4, 25)
    height = ballistic(time, [(0.0, 0.0, 1962.0), (0.4, 0.0, -1962.0)])
    assert np.allclose(height, 1962.0 * time - 0.5 * 9810.0 * time**2)
