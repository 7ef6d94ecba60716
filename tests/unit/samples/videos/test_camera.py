from __future__ import annotations

import numpy as np
from takes import turned

from kinesec.samples.videos import draws
from kinesec.samples.videos.camera import Cameras

KEY = draws.keys(0, "camera", np.arange(3))


def cameras(yaw: float, pitch: float = 0.0) -> Cameras:
    return Cameras.drawn(KEY, yaw=(yaw, yaw), pitch=(pitch, pitch), distance=(5000, 5000), extent=(2000, 2000))


def seen(camera: Cameras, *points: tuple[float, float, float]) -> np.ndarray:
    position = np.broadcast_to(np.array(points, float), (3, len(points), 3))
    return camera.project(position, np.zeros((3, 1, 3)), 41, 61)[0]


def test_what_is_looked_at_is_in_the_middle_and_up_is_up() -> None:
    front = seen(cameras(0), (0, 0, 0), (0, 500, 0), (500, 0, 0), (0, 0, 500))
    np.testing.assert_allclose(front, [[30, 20], [30, 20 - 41 / 4], [30 + 41 / 4, 20], [30, 20]], atol=1e-4)
    side = seen(cameras(90), (500, 0, 0), (0, 0, 500))
    np.testing.assert_allclose(side, [[30, 20], [30 - 41 / 4, 20]], atol=1e-4)
    above = seen(cameras(0, 90), (0, 500, 0), (0, 0, 500))
    np.testing.assert_allclose(above, [[30, 20], [30, 20 + 41 / 4]], atol=1e-4)


def test_what_is_nearer_looks_larger_and_nothing_is_seen_from_behind() -> None:
    near, far, behind = seen(cameras(0), (100, 0, 2500), (100, 0, -5000), (100, 0, 90000))[:, 0] - 30
    np.testing.assert_allclose([near, far], [41 / 20 * 2, 41 / 20 / 2], rtol=1e-5)
    np.testing.assert_allclose(behind, 41 / 20 * 10, rtol=1e-5)


def test_turning_the_camera_is_turning_the_body_the_other_way() -> None:
    body = np.random.default_rng(0).normal(0, 500, (3, 7, 3))
    centre = np.zeros((3, 1, 3))
    around = cameras(35, 10).project(body, centre, 41, 61)
    np.testing.assert_allclose(cameras(0, 10).project(turned(body, -np.radians(35)), centre, 41, 61), around, atol=1e-3)


def test_cameras_are_within_their_spans() -> None:
    key = draws.keys(0, "camera", np.arange(500))
    drawn = Cameras.drawn(key, yaw=(-30, 30), pitch=(0, 15), distance=(4000, 6000), extent=(2000, 3000))
    np.testing.assert_allclose(
        drawn.axes @ drawn.axes.swapaxes(1, 2), np.broadcast_to(np.eye(3), (500, 3, 3)), atol=1e-12
    )
    pitch, yaw = (
        np.degrees(np.arcsin(drawn.axes[:, 2, 1])),
        np.degrees(np.arctan2(drawn.axes[:, 2, 0], drawn.axes[:, 2, 2])),
    )
    for value, (low, high) in (
        (pitch, (0, 15)),
        (yaw, (-30, 30)),
        (drawn.distance, (4000, 6000)),
        (drawn.extent, (2000, 3000)),
    ):
        assert low <= value.min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < value.max() <= high
