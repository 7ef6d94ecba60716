from __future__ import annotations

import numpy as np

from kinesec.samples.videos import raster

HEIGHT, WIDTH = 9, 13


def drawn(count: int, seed: int = 0) -> np.ndarray:
    places = np.random.default_rng(seed).uniform(-3, 15, (2, count, 2)).astype(np.float32)
    places[0, 0] = raster.FAR
    return places


def test_points_are_sums_of_gaussians() -> None:
    place, sd = drawn(5), np.array([0.7, 1.9], np.float32)
    weight = np.random.default_rng(1).uniform(0, 1, (3, 5)).astype(np.float32)
    expected = np.zeros((2, 3, HEIGHT, WIDTH))
    for picture in range(2):
        for channel in range(3):
            for row in range(HEIGHT):
                for column in range(WIDTH):
                    square = ((place[picture] - [column, row]) ** 2).sum(-1)
                    bells = np.exp(-square / (2 * sd[picture] ** 2))
                    expected[picture, channel, row, column] = (weight[channel] * bells).sum()
    np.testing.assert_allclose(raster.points(place, sd, weight, HEIGHT, WIDTH), expected, atol=1e-5)
    alone = raster.points(place, sd, np.ones((1, 5), np.float32), HEIGHT, WIDTH)
    every = raster.points(place, sd, np.ones((2, 5), np.float32), HEIGHT, WIDTH)
    np.testing.assert_allclose(alone[:, 0], every[:, 1], atol=1e-6)


def test_distances_are_those_of_the_nearest_point_of_a_bone() -> None:
    start, end = drawn(6), drawn(6, seed=1)
    end[:, 2] = start[:, 2]  # a bone seen end-on
    end[:, 3, 1] = start[:, 3, 1]  # one that lies level
    first = np.array([0, 1, 4])
    expected = np.full((2, 3, HEIGHT, WIDTH), np.inf)
    along = np.linspace(0, 1, 4001)[:, None]
    for picture in range(2):
        for bone in range(6):
            part = np.searchsorted(first, bone, side="right") - 1
            points = start[picture, bone] + along * (end[picture, bone] - start[picture, bone])
            for row in range(HEIGHT):
                for column in range(WIDTH):
                    nearest = np.linalg.norm(points - [column, row], axis=-1).min()
                    expected[picture, part, row, column] = min(expected[picture, part, row, column], nearest)
    distances = raster.distances(start, end, first, HEIGHT, WIDTH)
    near = expected < 100
    np.testing.assert_allclose(distances[near], expected[near], atol=5e-3)
    assert (distances[~near] > 100).all()


def test_a_stick_is_as_broad_as_it_should_be() -> None:
    start, end = np.array([[[-5.0, 4.0]]], np.float32), np.array([[[30.0, 4.0]]], np.float32)
    apart = raster.distances(start, end, np.array([0]), HEIGHT, WIDTH)
    cover = raster.covered(apart, np.array([1.5], np.float32))[0, 0]
    np.testing.assert_allclose(cover.sum(0), 3.0, atol=1e-5)
    np.testing.assert_allclose(cover[:, 0], [0, 0, 0, 1, 1, 1, 0, 0, 0], atol=1e-5)
