from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from kinesec.errors import KinesecError
from kinesec.metrics.certified import certify
from kinesec.metrics.grid_noise import GridNoise

Q = 2**60


class Given:
    """A generator that gives numbers one knows."""

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers

    def integers(self, high: int, *, size: int) -> np.ndarray:
        assert high == Q
        part, self.numbers = self.numbers[:size], self.numbers[size:]
        return part


@pytest.mark.parametrize(("step", "sigma"), [(1.0, 0.05), (0.3, 0.1), (1.0, 1.0), (0.001, 0.0123), (1 / 255, 0.5)])
def test_each_integer_is_at_most_as_likely_as_in_truth_and_by_less_than_one_unit(step: float, sigma: float) -> None:
    noise = GridNoise(step, sigma)
    units = [int(number) for number in noise.units]
    with mpmath.workprec(400):
        half = mpmath.mpf(step) / (2 * mpmath.mpf(sigma))
        reach = noise.reach
        below = [mpmath.ncdf((2 * i - 1) * half) for i in range(-reach, reach + 2)]
        short = [Q * (b - a) - unit for a, b, unit in zip(below[:-1], below[1:], units, strict=True)]
        assert min(short) >= 0
        assert max(short) <= 1 + 1e-9
        assert 2 * below[0] * Q < 1  # what lies beyond the table
    assert Q - len(units) - 1 <= sum(units) <= Q
    assert noise.failure == pytest.approx((Q - sum(units)) / Q)
    assert units == units[::-1]


@pytest.mark.parametrize(("step", "sigma"), [(1.0, 0.4), (1.0, 1.0), (1 / 255, 0.25), (0.001, 1.0)])
def test_draws_have_the_moments_of_rounded_normal_noise(step: float, sigma: float) -> None:
    noise = GridNoise(step, sigma)
    drawn, failed = noise.draw((4, 25_000), np.random.default_rng(0))
    values = np.arange(-noise.reach, noise.reach + 1)
    mass = noise.units / Q
    variance = mass @ values**2.0
    if sigma > step / 2:
        assert variance == pytest.approx((sigma / step) ** 2 + 1 / 12, rel=1e-3)  # Sheppard
    assert (drawn.dtype, drawn.shape) == (np.int32, (4, 25_000))
    assert failed.tolist() == [False] * 4
    assert abs(drawn.mean()) < 4 * np.sqrt(variance / drawn.size)
    assert (drawn**2.0).mean() == pytest.approx(variance, rel=0.02)


def test_draws_are_as_frequent_as_the_table_says() -> None:
    noise = GridNoise(1.0, 1.5)
    drawn, _ = noise.draw((200_000,), np.random.default_rng(1))
    counts = np.bincount(drawn + noise.reach, minlength=len(noise.units))
    expected = noise.units / Q * 200_000
    common = expected > 5
    expected = expected[common] / expected[common].sum() * counts[common].sum()
    assert counts[~common].sum() < 30
    assert chisquare(counts[common], expected).pvalue > 0.001


@pytest.mark.parametrize("sigma", [0.3, 7.0, 300.0])
def test_a_draw_is_the_integer_in_whose_part_the_uniform_number_falls(sigma: float) -> None:
    noise = GridNoise(1.0, sigma)
    ends = np.cumsum(noise.units)
    uniform = np.random.default_rng(2).integers(Q, size=70_000)
    numbers = np.r_[0, ends[ends > 0] - 1, ends[ends < Q], uniform]
    drawn, _ = noise.draw((len(numbers),), Given(numbers))  # type: ignore[arg-type]
    np.testing.assert_array_equal(drawn, np.searchsorted(ends, numbers, side="right") - noise.reach)
    again, _ = noise.draw((70_000,), np.random.default_rng(2))
    np.testing.assert_array_equal(again, drawn[-70_000:])


def test_one_failed_coordinate_fails_its_draw_alone() -> None:
    noise = GridNoise(1.0, 1.0)
    numbers = np.full(12, Q // 2)
    numbers[7] = Q - 1
    assert noise.units.sum() < Q
    drawn, failed = noise.draw((3, 2, 2), Given(numbers))  # type: ignore[arg-type]
    assert failed.tolist() == [False, True, False]
    assert drawn.ravel().tolist() == [0] * 7 + [noise.reach + 1] + [0] * 4


def test_the_same_seed_gives_the_same_draws() -> None:
    noise = GridNoise(0.001, 0.1)
    seeds = [noise.draw((2, 50_000), np.random.default_rng(seed))[0] for seed in (3, 3, 4)]
    np.testing.assert_array_equal(seeds[0], seeds[1])
    assert (seeds[0] != seeds[2]).mean() > 0.9


@given(st.lists(st.integers(-(2**22), 2**22), min_size=1), st.sampled_from([1.0, 0.001, 1 / 255]))
def test_integers_keep_their_place_on_the_grid(steps: list[int], step: float) -> None:
    noise = GridNoise(step, step)
    values = noise.from_grid(np.array(steps))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(noise.to_grid(values), steps)
    np.testing.assert_allclose(values, np.array(steps) * step, rtol=2**-23)


def test_noise_is_added_as_integers_and_equal_sums_are_equal_floats() -> None:
    noise = GridNoise(0.001, 0.0005)
    steps = np.array([[5, -7, 2**31 - 1]], np.int32)
    values, failed = noise.around(steps, 1000, np.random.default_rng(5))
    drawn, _ = noise.draw((1000, 1, 3), np.random.default_rng(5))
    assert (values.shape, failed.shape) == ((1000, 1, 3), (1000,))
    np.testing.assert_array_equal(values, noise.from_grid(steps.astype(np.int64) + drawn))
    assert values[..., 2].min() > 2e6  # no sum wraps
    shared = np.intersect1d(values[..., 0], noise.from_grid(np.arange(-100, 100)))
    np.testing.assert_array_equal(shared, np.unique(values[..., 0]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2.0**31, -(2.0**31) - 1, 1e308])
def test_values_off_the_grid_are_one_line(value: float) -> None:
    for step in (1.0, 0.5):
        with pytest.raises(KinesecError, match=r"found the value .*, expected finite"):
            GridNoise(step, 1.0).to_grid(np.array([0.0, value]))


@pytest.mark.parametrize(
    ("step", "sigma", "message"),
    [
        (0.0, 1.0, "step 0.0"),
        (np.nan, 1.0, "step nan"),
        (1.0, -1.0, "sigma -1.0"),
        (1.0, np.inf, "sigma inf"),
        (1e-9, 1.0, "steps a sigma"),
    ],
)
def test_noise_that_has_no_table_is_one_line(step: float, sigma: float, message: str) -> None:
    with pytest.raises(KinesecError, match=message):
        GridNoise(step, sigma)


def test_an_input_in_floats_is_one_line() -> None:
    with pytest.raises(KinesecError, match="float32"):
        GridNoise(1.0, 1.0).around(np.zeros(3, np.float32), 2, np.random.default_rng(0))


# A base classifier that reads the last bits: class 1 where some small value is no multiple of 2^-32. The sum of float32
# noise and 1/255 always is one where it is small, as 1/255 has no finer bits.
D, SIGMA, DRAWS, ALPHA = 3072, 0.5, 500, 0.001
DISTANCE = np.sqrt(D) / 255


def classes(noisy: np.ndarray) -> np.ndarray:
    fine = noisy.astype(np.float64) * 2.0**32
    return ((np.abs(noisy) < 2.0**-9) & (fine != np.rint(fine))).any(1).astype(int)


def counted(noisy: np.ndarray, failed: np.ndarray | None = None) -> np.ndarray:
    kept = slice(None) if failed is None else ~failed
    return np.bincount(classes(noisy[kept]), minlength=2)[None]


def test_float_noise_certifies_a_radius_that_a_nearer_input_breaks() -> None:
    rng = np.random.default_rng(6)

    def smooth(x: float) -> np.ndarray:
        noise = np.float32(SIGMA) * rng.standard_normal((DRAWS, D), np.float32)
        return counted(np.float32(x) + noise)

    origin, near = (
        certify(smooth(x), smooth(x), n=DRAWS, sigma=SIGMA, alpha=ALPHA) for x in (0.0, np.float32(1) / np.float32(255))
    )
    assert (origin.predicted, near.predicted) == (1, 0)
    assert origin.radius > 1 > DISTANCE  # the certificate is false


@pytest.mark.parametrize("fineness", [1, 16])
def test_grid_noise_certifies_nothing_that_a_nearer_input_breaks(fineness: int) -> None:
    noise = GridNoise(1 / (255 * fineness), SIGMA)
    rng = np.random.default_rng(7)
    steps = noise.to_grid(np.stack([np.zeros(D), np.full(D, 1 / 255)]))
    assert np.linalg.norm((steps[1] - steps[0]) * noise.step) == pytest.approx(DISTANCE)
    first, fresh = (
        np.concatenate([counted(*noise.around(each, DRAWS, rng)) for each in steps]) for _ in ("first", "fresh")
    )
    certificate = certify(first, fresh, n=DRAWS, sigma=SIGMA, alpha=ALPHA)
    assert (certificate.radius > DISTANCE).all()
    assert certificate.predicted.tolist() == [0 if fineness == 1 else 1] * 2
