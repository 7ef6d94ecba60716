"""A run's figures as the page shows them: files beside it, with their size, data and the command that draws them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from PIL import Image

from kinesec.errors import KinesecError

# system by kind of figure, which is what its name begins with
SYSTEMS = {
    **dict.fromkeys(("horizons", "ratio", "near_misses", "stealth", "trigger_strength"), "prediction"),
    **dict.fromkeys(("filmstrip", "animation", "roc", "fine_tuning"), "prediction"),
    **dict.fromkeys(("attack_curves", "attack_bounds", "transfer_matrix", "confusion"), "recognition"),
    **dict.fromkeys(("joint_displacement", "displacement_correlation"), "recognition"),
    **dict.fromkeys(("attack_filmstrip", "attack_animation"), "recognition"),
    **dict.fromkeys(("queries", "blackbox_filmstrip", "blackbox_animation"), "blackbox"),
    **dict.fromkeys(("robustness_iterations", "robustness_tradeoff", "robustness_costs"), "robustness"),
    "certified_accuracy": "robustness",
    **dict.fromkeys(("backdoor_sweeps", "trigger_energy", "detector_nulls"), "backdoors"),
    **dict.fromkeys(("backdoor_filmstrip", "backdoor_animation"), "backdoors"),
}
# the run's tables that a kind of figure draws; the others draw records of single samples
TABLES = {
    **dict.fromkeys(("horizons", "ratio", "near_misses", "stealth"), ("prediction_backdoor",)),
    "trigger_strength": ("trigger_strength",),
    "fine_tuning": ("prediction_defences",),
    "attack_curves": ("attack_curves", "recognition_attacks"),
    "attack_bounds": ("attack_bounds",),
    "queries": ("blackbox_queries", "blackbox"),
    "transfer_matrix": ("transfer",),
    "robustness_iterations": ("robustness_curves",),
    "robustness_tradeoff": ("robustness",),
    "certified_accuracy": ("certificates",),
    "backdoor_sweeps": ("backdoor_recognition",),
    "detector_nulls": ("detection",),
}
SUFFIXES = (".svg", ".pdf", ".webp", ".png")
PX = {"pt": 4 / 3, "px": 1.0, "": 1.0, "in": 96.0, "mm": 96 / 25.4, "cm": 96 / 2.54}
_ROOT = re.compile(r"<svg\b[^>]*>", re.DOTALL)


class Figure(NamedTuple):
    """A figure: addresses are relative to the page, sizes in CSS pixels; 0 where a file does not say its own."""

    kind: str
    window: str  # what follows the kind in its name: of pictures, the window that is shown
    source: str
    still: str | None
    width: int
    height: int
    caption: str
    files: list[tuple[str, str]]  # (format, address)
    command: str

    @property
    def is_picture(self) -> bool:
        """Whether it shows motion and no numbers."""
        return self.kind.endswith(("filmstrip", "animation"))


def link(path: str | Path, page: Path) -> str:
    """The way from the page to a file, as a relative address."""
    return quote(Path(os.path.relpath(path, page.parent)).as_posix())


def size(path: Path) -> tuple[int, int]:
    """Width and height of an SVG or a bitmap in CSS pixels; (0, 0) of an SVG that does not give its own.

    Raises ``KinesecError`` for a bitmap that cannot be read.
    """
    if path.suffix == ".svg":
        with path.open(encoding="utf-8", errors="replace") as file:
            root = _ROOT.search(file.read(4096))
        told = [re.search(rf'\b{side}="([\d.]+)([a-z]*)"', root[0]) for side in ("width", "height")] if root else []
        sides = [round(float(side[1]) * PX.get(side[2], 0.0)) for side in told if side]
        return (sides[0], sides[1]) if len(sides) == 2 else (0, 0)
    try:
        with Image.open(path) as image:
            return image.size
    except OSError as error:
        raise KinesecError(f"{path}: found no picture ({error}), expected one; draw it again") from None


def figure(name: str, path: Path, caption: str, page: Path, tables: Mapping[str, str | Path], run: str) -> Figure:
    """The figure of a file; see ``page.build``."""
    kind, _, window = name.partition("-")
    width, height = size(path)
    files = [
        (other.suffix[1:].upper(), link(other, page))
        for suffix in SUFFIXES
        if (other := path.with_suffix(suffix)).is_file()
    ]
    files += [(f"CSV: {table}", link(tables[table], page)) for table in TABLES.get(kind, ()) if table in tables]
    folder = f"results/artifacts/{run}"
    return Figure(
        kind=kind,
        window=window,
        source=link(path, page),
        still=link(path.with_suffix(".png"), page) if path.suffix == ".webp" else None,
        width=width,
        height=height,
        caption=caption,
        files=files,
        command=f"snakemake --configfile {folder}/workflow/configuration.yaml --cores 1 -- "
        f"{folder}/figures/{path.name}",
    )


def by_system(
    figures: Mapping[str, tuple[str | Path, str]], page: Path, tables: Mapping[str, str | Path], run: str
) -> dict[str, list[Figure]]:
    """The figures of each system, and under ``more`` those that a configuration adds; pictures last.

    The filmstrip and the animation of a window stand together.
    """
    made: dict[str, list[Figure]] = {}
    for name, (path, caption) in figures.items():
        of_name = figure(name, Path(path), caption, page, tables, run)
        made.setdefault(SYSTEMS.get(of_name.kind, "more"), []).append(of_name)
    for of_system in made.values():
        # stable, so that figures of numbers keep the run's order
        of_system.sort(
            key=lambda figure: (figure.is_picture, (figure.window, figure.kind) if figure.is_picture else ())
        )
    return made
