"""Frequency detector: training samples whose power over time is unlike that of clean ones. No model is asked.

Ours, after Zeng et al. (ICCV 2021), who train a network on pictures' spectra: here the logarithm of the ratio to clean
samples' mean power decides, of each joint, or of each ring of spatial frequencies.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from kinesec.defences.backdoor._verdict import compared, of_classes
from kinesec.defences.base import VICTIM, Detection, Outcome
from kinesec.defences.cases.classification import Case, Samples
from kinesec.settings import Positive

KIND = "detection"
TASKS = ("recognition", "video")
LEAST_SPREAD = 0.1


def power(case: Case, samples: Samples) -> np.ndarray:
    """(sample, frequency, band), float64."""
    with torch.inference_mode():
        return torch.cat([case.spectrum(part).cpu() for part in case.parts(samples)]).numpy().astype(np.float64)


def log_ratios(values: np.ndarray, clean: np.ndarray, floor: float) -> np.ndarray:
    """Logarithm (sample, frequency, band) of power over clean samples' mean power.

    ``floor`` of a band's mean power is added to both, and a little of all bands' for bands that are empty.
    """
    mean = clean.mean(0)
    added = floor * mean.mean(0) + 1e-3 * floor * mean.mean() + 1e-30
    return np.asarray(np.log((values + added) / (mean + added)))


def defend(case: Case, *, floor: Positive = 0.01) -> Iterator[Outcome]:
    """Scores of all training samples: the largest of their log-ratios, in standard deviations of clean samples'.

    Per class the largest of the mean log-ratios of what is labelled so, less that of clean samples of the class (of all
    where there is none), in such deviations; ``index`` says how far the largest is off the other classes'.
    """
    clean = power(case, case.clean)
    null, ratio = log_ratios(clean, clean, floor), log_ratios(power(case, case.training), clean, floor)
    mean, spread = null.mean(0), np.maximum(null.std(0), LEAST_SPREAD)
    z, setting = (ratio - mean) / spread, f"floor={floor:g}"
    shift = np.zeros(len(case.classes))
    for number in range(len(case.classes)):
        trained, held = case.training.label == number, case.clean.label == number
        if trained.any():
            reference = null[held].mean(0) if held.any() else mean
            shift[number] = ((ratio[trained].mean(0) - reference) / spread).max()
    yield from of_classes(setting, "shift", case.classes, shift, "sd", len(z))
    yield from compared(setting, case.classes, shift, len(z), "high")
    yield Detection(setting, {VICTIM: z.max((1, 2))}, case.marked)
