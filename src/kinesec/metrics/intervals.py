"""Means with bootstrap intervals."""

from __future__ import annotations

import numpy as np

RESAMPLES = 1000


def bootstrap_mean(
    values: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, low and high end of the 95 % percentile bootstrap interval over the first axis of (sample, ...).

    With ``groups`` (sample,) the mean is that of the groups' means, and samples are drawn within their group.
    """
    flat = values.reshape(len(values), -1)
    labels = np.zeros(len(values), dtype=int) if groups is None else np.unique(groups, return_inverse=True)[1]
    count = labels.max() + 1
    mean = np.zeros(flat.shape[1])
    drawn = np.zeros((resamples, flat.shape[1]))
    for label in range(count):
        members = flat[labels == label]
        weights = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), size=resamples)
        drawn += weights @ members / len(members) / count
        mean += members.mean(0) / count
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return tuple(part.reshape(values.shape[1:]) for part in (mean, low, high))  # type: ignore[return-value]
