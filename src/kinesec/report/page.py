"""The run's report: one HTML file that carries its style and figures and needs nothing else to be read."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kinesec.report.format import plain, plural, pretty
from kinesec.report.pages import backdoor as classifiers
from kinesec.report.pages import defences, papers, prediction, provenance, recognition, stealth, trigger_strength
from kinesec.report.verdicts.run import verdicts
from kinesec.tables import strategies

STRENGTH = "trigger_strength"
FEW = 4  # tables of more backdoors than these are folded


def _link(path: str | Path, page: Path) -> str:
    """The way from the page to a file, as a relative address."""
    return quote(Path(os.path.relpath(path, page.parent)).as_posix())


MEDIA = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}
PICTURES = tuple(
    f"{shown}{kind}-" for shown in ("", "attack_", "blackbox_", "backdoor_") for kind in ("filmstrip", "animation")
)


def _embedded(path: Path) -> str:
    # as an image and not as elements: then no script in it runs, and its ids cannot meet another figure's
    return f"data:{MEDIA[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _figure(name: str, path: Path, caption: str, page: Path) -> dict[str, Any]:
    files = [other for suffix in (".pdf", ".svg", ".webp", ".png") if (other := path.with_suffix(suffix)).is_file()]
    return {
        "name": name,
        "source": _embedded(path),
        "still": _embedded(path.with_suffix(".png")) if path.suffix == ".webp" else None,
        "caption": caption,
        "files": [{"kind": file.suffix[1:].upper(), "link": _link(file, page)} for file in files],
    }


def _figures(figures: Mapping[str, tuple[str | Path, str]], page: Path) -> tuple[list[Any], list[Any]]:
    """(figures of numbers, pictures of windows); a window's filmstrip and animation stand together."""
    made = [_figure(name, Path(path), caption, page) for name, (path, caption) in figures.items()]
    pictures = [figure for figure in made if figure["name"].startswith(PICTURES)]
    pictures.sort(key=lambda figure: (figure["name"].partition("-")[2], figure["name"]))
    return [figure for figure in made if not figure["name"].startswith(PICTURES)], pictures


def _tables(tables: Mapping[str, str | Path], page: Path) -> list[dict[str, Any]]:
    return [
        {"name": name, "title": pretty(name), "link": _link(path, page), "rows": len(pd.read_csv(path, dtype=str))}
        for name, path in sorted(tables.items())
    ]


def build(
    out_html: str | Path,
    *,
    run: str,
    tables: Mapping[str, str | Path],
    figures: Mapping[str, tuple[str | Path, str]],
    facts: Mapping[str, Any],
) -> None:
    """Writes the report of a run; the same inputs give the same bytes.

    ``tables`` are CSV files by name: ``prediction_backdoor``, ``trigger_strength``, ``prediction_defences``,
    ``paper_comparison`` and those of ``stealth.sections``, ``recognition.sections`` and ``backdoor.sections`` are shown
    in part, every one is linked, by a relative address.
    ``figures`` are (SVG or animated WebP file, caption) by name, in the page's order; a PDF or PNG of the same stem is
    linked, and the PNG of an animation stands for it where no motion is wanted.
    ``facts`` (JSON types alone; ``facts.gather`` makes them; a list may be empty):

    - ``seeds`` [int], ``commits`` [str], ``versions`` {package: [version]}, ``configuration`` {key: anything}
    - ``datasets`` [{name, title, terms, citation, files, absent [path], left_out [{path, reason}], sequences {split:
      count}, actions [str], joints, fps_published, fps_measured, recording {key: anything}, sha256}]
    - ``windows`` [{dataset, name, protocol, history, future, stride, fps, frame_ms_nominal, frame_ms_measured,
      used_joints, windows {split: count}, too_short [path], sha256}]
    - ``models`` [{dataset, protocol, poison, predictor, module, seed, parameters, training_windows, poisoned_windows,
      epochs, kept_epoch, validation_mm, device, wall_s}]; the last three may be None
    - ``artefacts`` [{path, sha256, bytes}]

    Raises ``KinesecError`` when ``prediction_backdoor`` lacks a column.
    """
    page = Path(out_html)
    backdoor = strategies.read(tables["prediction_backdoor"]) if "prediction_backdoor" in tables else None
    defended = pd.read_csv(tables["prediction_defences"]) if "prediction_defences" in tables else None
    comparison = pd.read_csv(tables["paper_comparison"]) if "paper_comparison" in tables else None
    environment = Environment(
        loader=PackageLoader("kinesec.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plural"] = plural
    environment.filters["pretty"] = pretty
    environment.filters["plain"] = plain
    environment.filters["counts"] = provenance.counts_of
    assert environment.loader is not None
    css = environment.loader.get_source(environment, "style.css")[0]
    nothing: tuple[dict[str, Markup], list[str]] = ({}, [])
    published, reasons = nothing if comparison is None or comparison.empty else papers.sections(comparison)
    cases = 0 if backdoor is None else sum(1 for _ in strategies.cases(backdoor))
    charts, pictures = _figures(figures, page)
    content = environment.get_template("index.html.j2").render(
        run=run,
        style=Markup(css),
        verdicts=verdicts(tables),
        backdoor=None if backdoor is None else prediction.sections(backdoor),
        trigger_strength=trigger_strength.section(tables[STRENGTH]) if STRENGTH in tables else None,
        threshold=None if backdoor is None else prediction.threshold(backdoor),
        defences={} if defended is None else defences.sections(defended),
        stealth=stealth.sections(tables),
        recognition=recognition.sections(tables),
        recognition_titles=recognition.TITLES,
        classifiers=classifiers.sections(tables),
        classifiers_titles=classifiers.TITLES,
        papers=published,
        reasons=reasons,
        nothing_published=comparison is not None and comparison.empty,
        figures=charts,
        pictures=pictures,
        few=cases <= FEW,
        tables=_tables(tables, page),
        facts=facts,
        provenance=provenance.sections(facts),
        configuration=yaml.safe_dump(dict(facts["configuration"]), sort_keys=True, allow_unicode=True),
    )
    page.parent.mkdir(parents=True, exist_ok=True)
    part = page.with_name(f".{page.name}.part")
    part.write_text(content, encoding="utf-8", newline="\n")
    part.replace(page)
