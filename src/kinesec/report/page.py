"""The run's report: one HTML file that carries its style and scripts; figures and tables are files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kinesec.report.figures import by_system, link
from kinesec.report.format import plain, plural, pretty
from kinesec.report.naming import named, prose, visible
from kinesec.report.pages import papers, prediction, provenance
from kinesec.report.pages.systems import systems
from kinesec.report.policy import policy
from kinesec.report.verdicts.base import NOT_RUN
from kinesec.report.verdicts.run import verdicts
from kinesec.report.viewer import section as viewer
from kinesec.tables import strategies

SCRIPTS = ("tables.js",)


def _tables(tables: Mapping[str, str | Path], page: Path) -> list[dict[str, Any]]:
    return [
        {"name": name, "title": pretty(name), "link": link(path, page), "rows": len(pd.read_csv(path, dtype=str))}
        for name, path in sorted(tables.items())
    ]


def build(
    out_html: str | Path,
    *,
    run: str,
    tables: Mapping[str, str | Path],
    figures: Mapping[str, tuple[str | Path, str]],
    facts: Mapping[str, Any],
    scenes: Mapping[str, viewer.Stores] | None = None,
) -> None:
    """Writes the report of a run; the same inputs give the same bytes.

    ``tables`` are CSV files by name: ``prediction_backdoor``, ``trigger_strength``, ``prediction_defences``,
    ``paper_comparison`` and those of ``stealth.sections``, ``recognition.sections`` and ``backdoor.sections`` are shown
    in part, every one is linked, by a relative address.
    ``figures`` are (SVG or animated WebP file, caption) by name, in the run's order; the page shows the files where
    they lie, by a relative address, and links a PDF or PNG of the same stem and the tables they draw. The PNG of an
    animation stands for it where no motion is wanted.
    ``scenes`` are what the viewer shows, in its order, by title: [store of kind ``samples`` or ``attack_scenes``], or
    [clips, poisoned clips].
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
    comparison = pd.read_csv(tables["paper_comparison"]) if "paper_comparison" in tables else None
    environment = _environment()
    scripts = [_source(environment, name) for name in SCRIPTS]
    judged, drawn = verdicts(tables), by_system(figures, page, tables, run)
    sections = systems(tables, backdoor, judged, drawn)
    motion = viewer.section(scenes or {})
    content = environment.get_template("index.html.j2").render(
        run=run,
        policy=policy([*scripts, motion["script"]] if motion else scripts),
        style=Markup(_source(environment, "style.css") + viewer.asset("viewer.css")),
        viewer=motion,
        scripts=[Markup(script) for script in scripts],
        verdicts=judged,
        not_run=[verdict for verdict in judged if verdict.mark == NOT_RUN],
        systems=sections,
        runs={section.key: section.is_run for section in sections},
        more=drawn.get("more", []),
        has_victims=backdoor is not None and (backdoor["model"] == "victim").any(),
        threshold=None if backdoor is None else prediction.threshold(backdoor),
        papers=papers.sections(comparison) if comparison is not None and len(comparison) else {},
        nothing_published=comparison is not None and comparison.empty,
        tables=_tables(tables, page),
        facts=facts,
        provenance=provenance.sections(facts),
        configuration=yaml.safe_dump(dict(facts["configuration"]), sort_keys=True, allow_unicode=True),
    )
    page.parent.mkdir(parents=True, exist_ok=True)
    part = page.with_name(f".{page.name}.part")
    part.write_text(visible(content), encoding="utf-8", newline="\n")
    part.replace(page)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("kinesec.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"plural": plural, "pretty": pretty, "plain": plain, "counts": provenance.counts_of}
    environment.filters |= {**filters, "named": named, "prose": prose}
    return environment


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
