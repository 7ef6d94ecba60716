"""The ``ltd`` windows of the CMU files against the released loader's, and a second way to the zero-velocity errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from kinesec.evaluation.prediction import evaluate
from kinesec.files import store
from kinesec.files.kinds.motions import MOTIONS
from kinesec.models.predictors.base import PREDICTORS, Shape
from kinesec.names import load as load_name
from kinesec.poisoning.prediction.badhmp import Poison
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import Windows, load, sample_test
from kinesec.sources.ingest import ingest
from kinesec.sources.readers.expmap import CMU_UNIT_MM

HERE = Path(__file__).parent
COMPLETE = ("basketball", "jumping", "running", "soccer", "walking")


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(HERE / "kinematics.npz", allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def root(shared: Path) -> Path:
    folder = shared / "data" / "cmu_mocap_expmap"
    if not folder.is_dir():
        pytest.skip("no cmu_mocap_expmap in ../shared/data")
    return folder


@pytest.fixture(scope="module")
def test_windows(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Windows:
    folder = tmp_path_factory.mktemp("cmu")
    files = [f"test/{action}/{action}_1.txt" for action in COMPLETE]
    ingest(load_name("sources.datasets", "cmu_expmap"), root, files, {}, folder / "m.zarr", dataset="cmu")
    assert store.read(folder / "m.zarr", MOTIONS).attrs["recording"]["unit_mm"] == CMU_UNIT_MM
    cut(folder / "m.zarr", folder / "w.zarr", Protocol("ltd", 10, 25, 2, nominal_unit_mm=70.0))
    return load(folder / "w.zarr", "test")


def test_walking_windows_are_the_released_loaders(test_windows: Windows, reference: dict[str, np.ndarray]) -> None:
    drawn = sample_test(test_windows, 8)
    walking = test_windows.source.tolist().index("test/walking/walking_1.txt")
    first = test_windows.start[test_windows.sequence_index == walking][0]
    starts = drawn.start[drawn.sequence_index == walking]
    assert (starts - first).tolist() == reference["window_starts_even_rows"].tolist()
    dims = reference["window_dims_used"]
    assert (3 * np.repeat(drawn.used, 3) + np.tile(range(3), 25)).tolist() == dims.tolist()
    window = drawn.position[starts[0] : starts[0] + 35].reshape(35, 114)
    np.testing.assert_allclose(window[:, dims], reference["window_sequence"][:, dims], rtol=0, atol=0.01)


def independent(file: Path, offsets: np.ndarray, parents: list[int], used: np.ndarray) -> np.ndarray:
    """Zero-velocity error (window, frame) in mm from the text alone: loops on rows of vectors, Rodrigues' formula."""
    rows = np.loadtxt(file, delimiter=",")[::2]
    position = np.zeros((len(rows), 38, 3))
    for frame, row in enumerate(rows):
        turned = np.zeros((38, 3, 3))
        for joint in range(38):
            r = row[3 + 3 * joint : 6 + 3 * joint]
            angle = np.sqrt(r @ r)
            x, y, z = r / angle if angle > 0 else r
            cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
            local = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
            above = parents[joint]
            turned[joint] = local @ turned[above] if above > 0 else local
            position[frame, joint] = (
                offsets[joint] @ turned[above] + position[frame, above] if above > 0 else offsets[joint]
            )
    rng = np.random.RandomState(1234567890)
    errors = []
    for _ in range(8):
        seam = rng.randint(0, len(rows) - 75) + 50
        future, last = position[seam : seam + 25, used], position[seam - 1, used]
        errors.append(np.sqrt(((future - last) ** 2).sum(-1)).mean(-1))
    return np.array(errors)


def test_zero_velocity_errors_a_second_way(
    test_windows: Windows, root: Path, shared: Path, reference: dict[str, np.ndarray]
) -> None:
    parents = reference["parent"].tolist()
    zero = reference["zero_pose_xyz"].astype(np.float64)
    offsets = zero - np.where(np.array(parents)[:, None] >= 0, zero[parents], 0)
    used = reference["window_dims_used"][::3] // 3
    zero_velocity = PREDICTORS.build("zero_velocity", Shape(10, 25, 25), {})
    poison = Poison("rigid", "jammed", "random", "left_arm", 0.1)
    records = evaluate(
        {"8": sample_test(test_windows, 8)}, poison, {"zero_velocity": zero_velocity}, torch.device("cpu")
    )
    mine = records.query("metric == 'MPJPE_at' and windows == 'clean' and joints == 'used'")
    means = []
    for action in COMPLETE:
        expected = independent(root / f"test/{action}/{action}_1.txt", offsets, parents, used)
        errors = mine[mine["action"] == action].sort_values(["window", "frame"])["value"].to_numpy().reshape(-1, 25)
        np.testing.assert_allclose(errors, expected, rtol=0, atol=0.01)
        means.append(errors.mean(0))
    prototype = [36.8, 69.8, 129.8, 157.7, 203.5, 251.9]  # papers/badhmp.md, section 9
    np.testing.assert_allclose(np.mean(means, axis=0)[[1, 3, 7, 9, 13, 24]], prototype, atol=0.06)


def test_jammed_windows_are_held_by_zero_velocity(test_windows: Windows) -> None:
    zero_velocity = PREDICTORS.build("zero_velocity", Shape(10, 25, 25), {})
    poison = Poison("rigid", "jammed", "random", "left_arm", 0.1, wrong_limb="right_arm")
    drawn = sample_test(test_windows, 8)
    records = evaluate({"8": drawn}, poison, {"zero_velocity": zero_velocity}, torch.device("cpu"))
    errors = records[(records["metric"] == "MPJPE_at") & (records["windows"] != "clean")]
    assert len(errors) == len(drawn) * 25 * 2 * 2
    assert (errors["value"] == 0).all()
