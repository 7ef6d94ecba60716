"""The exponential-map reader against the reference code's positions (kinematics.json says how they were made)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.sources.readers import expmap

HERE = Path(__file__).parent
TOLERANCE_MM = 0.01


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(HERE / "kinematics.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def nominal(rotation: np.ndarray, library: str) -> np.ndarray:
    """Positions as the reference has them: 70 mm a unit, the root's rotation and translation left out."""
    skeleton = expmap.cmu_skeleton(expmap.LTD_UNIT_MM)
    root = np.zeros((len(rotation), 3), dtype=rotation.dtype)
    offsets = skeleton.offsets.astype(rotation.dtype)
    if library == "torch":
        torch = pytest.importorskip("torch")
        rotation, root, offsets = (torch.from_numpy(array) for array in (rotation, root, offsets))
    matrices = matrices_from_quaternions(rotation)
    position = forward(matrices, root, offsets, skeleton.parents, root_turns_children=False)
    return np.asarray(position)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("action", ["walking", "basketball"])
def test_a_motions_rotations_give_the_reference_positions(
    action: str, library: str, reference: dict[str, np.ndarray], shared: Path
) -> None:
    source = json.loads((HERE / "kinematics.json").read_text())["inputs"][action]
    file = shared / f"data/cmu_mocap_expmap/test/{action}/{action}_1.txt"
    if not file.is_file():
        pytest.skip(f"no {file.name} in ../shared/data")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == source["sha256"]
    (motion,) = expmap.read(file, skeleton=expmap.cmu_skeleton(), unit_mm=expmap.CMU_UNIT_MM, fps=120.0)
    assert len(motion) == source["rows"]
    assert motion.rotation is not None
    assert motion.rotation.dtype == np.float32
    positions = nominal(motion.rotation[:60], library)
    np.testing.assert_allclose(positions, reference[f"{action}_xyz"], rtol=0, atol=TOLERANCE_MM)
    np.testing.assert_allclose(positions, reference[f"{action}_xyz_f64"], rtol=0, atol=TOLERANCE_MM)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_no_rotation_gives_the_reference_pose(library: str, reference: dict[str, np.ndarray]) -> None:
    rotation = np.zeros((1, 38, 4))
    rotation[..., 0] = 1
    np.testing.assert_allclose(nominal(rotation, library)[0], reference["zero_pose_xyz"], rtol=0, atol=TOLERANCE_MM)


def test_the_skeleton_is_the_references(reference: dict[str, np.ndarray]) -> None:
    assert expmap.cmu_skeleton().parents == tuple(reference["parent"].tolist())
    used = reference["window_dims_used"].reshape(-1, 3)
    assert expmap.cmu_skeleton().groups["ltd_used"] == tuple((used[:, 0] // 3).tolist())
