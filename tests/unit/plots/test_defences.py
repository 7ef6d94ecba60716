"""The figures of defences of predictors: readable, settings in words, and the same bytes twice; and what all share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figure_texts import check_texts, save, visible_texts
from matplotlib.figure import Figure

from kinesec.plots import fine_tuning, roc
from kinesec.plots.parts.style import log_ticks, plain_number, said_setting


def scores() -> pd.DataFrame:
    """A detector's scores under two settings, on a victim's windows and on those of clean models."""
    rng = np.random.default_rng(3)
    parts = [
        pd.DataFrame(
            {
                **{"strategy": "rigid-jammed-natural_unstratified-0.1", "defence": "sanitise_energy", "seed": "0"},
                **{"setting": setting, "model": model, "metric": "score", "marked": np.arange(200) < 20},
                "value": rng.normal(size=200) + (np.arange(200) < 20) * (model == "victim"),
            }
        )
        for setting in ("floor_mm=0.1", "by=action")
        for model in ("victim", "clean")
    ]
    return pd.concat(parts, ignore_index=True)


def tuned() -> pd.DataFrame:
    """Errors before and after each epoch, at two rates."""
    keys = {"dataset": "toy", "predictor": "ltd", "module": "fine_tuning", "trigger": "rigid", "target": "jammed"}
    rows = [
        {
            **keys,
            **{"selection": "natural_unstratified", "level": "window", "ratio": 0.1, "seed": "0", "share": 0.1, "n": 9},
            **{"setting": f"share=0.1 rate={named}", "rate": rate, "model": model, "metric": metric, "epoch": epoch},
            **{"value": 10.0 + epoch, "low": 9.0 + epoch, "high": 11.0 + epoch},
        }
        for named, rate in (("0.1x", 1e-4), ("final", 1e-3))
        for model in ("victim", "clean")
        for metric in ("CDE", "BDE")
        for epoch in range(3)
    ]
    return pd.DataFrame(rows)


FIGURES: dict[str, Callable[[], Figure]] = {
    "roc": lambda: roc.draw(scores()),
    "fine-tuning": lambda: fine_tuning.draw(tuned(), dataset="toy", predictor="ltd"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_readable_and_the_same_twice(name: str, tmp_path: Path) -> None:
    check_texts(FIGURES[name]())
    assert save(FIGURES[name](), tmp_path / "first") == save(FIGURES[name](), tmp_path / "second")


def test_settings_are_said_in_words() -> None:
    (axes,) = FIGURES["roc"]().axes
    words = [text.get_text().splitlines()[0] for text in axes.get_legend().get_texts()]
    assert words == ["floor 0.1 mm", "by action"]
    assert said_setting("share=0.2 rate=0.1x") == "share 0.2 rate 0.1x"
    assert said_setting("natural_unstratified") == "natural unstratified"


def test_rates_are_said_in_words() -> None:
    titles = [axes.get_title(loc="left") for axes in FIGURES["fine-tuning"]().axes[:2]]
    assert titles == ["0.1 \u00d7 the training's rate", "final rate"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.001, "0.001"), (0.5, "0.5"), (1, "1"), (2.5, "2.5"), (14600, "14,600"), (1e6, "1,000,000")]
)
def test_ticks_are_plain_numbers(value: float, text: str) -> None:
    assert plain_number(value) == text


def test_a_logarithmic_axis_has_few_plain_ticks() -> None:
    axes = Figure().subplots()
    axes.set_xscale("log")
    axes.set_xlim(0.01, 20000)
    log_ticks(axes.xaxis, subs=(1.0,))
    axes.set_yticks([])
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    words = [text.get_text() for text in visible_texts(figure)]
    assert words == ["0.01", "0.1", "1", "10", "100", "1,000", "10,000"]
