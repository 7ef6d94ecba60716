"""One job of a figure that a configuration adds: some of the run's tables in, a drawing of them out."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.plots.parts import style


def figure_of_tables(module: str, table_paths: Iterable[Path], settings: Mapping[str, Any]) -> Figure:
    """What a module of ``plots`` draws of tables, which it is given as data frames by the names of their files.

    Raises ``ConfigError`` for a setting that its ``draw`` does not take.
    """
    draw = names.load("plots", module).draw
    known = [key for key in inspect.signature(draw).parameters if key != "tables"]
    if unknown := [key for key in settings if key not in known]:
        expected = ", ".join(known) or "none"
        raise ConfigError(f"figure {module!r}: found setting {unknown[0]!r}, expected some of {expected}")
    tables = {path.stem: pd.read_csv(path, low_memory=False) for path in table_paths}
    return style.drawn(lambda: draw(tables, **settings))
