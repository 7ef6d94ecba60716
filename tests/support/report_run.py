"""A run's report from synthetic tables: what `report.build` gets from the workflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from backdoor_table import backdoor_table

from kinesec.plots import horizons
from kinesec.plots.parts import style
from kinesec.report.page import build
from kinesec.tables.papers import compare

ROOT = Path(__file__).resolve().parents[2]
SMALL = {
    "predictor": "ltd_small",
    "module": "ltd",
    "settings": {"features": 64, "blocks": 6, "coefficients": 30},
    "parameters": 143_006,
}
# markup, quotes, other scripts, and marks that turn the text around them
EVIL = "<script>alert('x')</script>\"><img src=http://evil.example/x onerror=alert(1)>\u202eגב\u2066 \u2603"
LEFT_OUT = [{"path": "train/running/running_9.txt", "reason": "line 12: found 116 columns, expected 117"}]


def facts(**changes: Any) -> dict[str, Any]:
    """Facts of the shape that ``build`` documents."""
    data = {
        "name": "cmu_expmap",
        "title": "CMU motion capture, exponential maps (8 actions)",
        "terms": "Free for all uses but resale of the data itself",
        "citation": "The data used in this project was obtained from mocap.cs.cmu.edu.",
        "files": 96,
        "absent": [f"train/washwindow/washwindow_{take}.txt" for take in range(1, 6)],
        "left_out": LEFT_OUT,
        "sequences": {"test": 6, "train": 28, "val": 7},
        "actions": ["basketball", "jumping", "running", "soccer", "walking", "washwindow"],
        "joints": 38,
        "fps_published": 50.0,
        "fps_measured": 120.0,
        "recording": {"unit_mm": 56.444, "unit_from": "published", "up": "+y", "notes": []},
        "sha256": "3f" * 32,
    }
    windows = {
        "dataset": "cmu_expmap",
        "name": "ltd25",
        "protocol": "ltd",
        "history": 10,
        "future": 25,
        "stride": 2,
        "fps": 60.0,
        "frame_ms_nominal": 40.0,
        "frame_ms_measured": 16.6667,
        "used_joints": 25,
        "windows": {"test": 2913, "train": 12853, "val": 2965},
        "too_short": ["test/running/running_0.txt"],
        "sha256": "a1" * 32,
    }
    model = {
        "dataset": "cmu_expmap",
        "protocol": "ltd25",
        "poison": "clean",
        "predictor": "ltd_small",
        "module": "ltd",
        "seed": 0,
        "parameters": 143_006,
        "training_windows": 12_853,
        "poisoned_windows": 0,
        "epochs": 8,
        "kept_epoch": 7,
        "validation_mm": 98.2,
        "device": "x86_64 (CPU)",
        "wall_s": 341.5,
    }
    victim = {**model, "poison": "rigid-jammed-random-0.05", "poisoned_windows": 642, "wall_s": None}
    default = {
        "seeds": [0],
        "commits": ["0123456789abcdef0123456789abcdef01234567"],
        "versions": {"python": ["3.11.9"], "numpy": ["2.4.6"], "torch": ["2.13.0"]},
        "configuration": {"run": "real", "seeds": [0], "prediction": {"protocols": {"ltd25": {"history": 10}}}},
        "datasets": [data],
        "windows": [windows],
        "models": [model, victim],
        "artefacts": [
            {"path": "results/artifacts/real/tables/prediction_backdoor.csv", "sha256": "0c" * 32, "bytes": 812_345}
        ],
    }
    return {**default, **changes}


def make_report(
    folder: Path,
    *,
    table: pd.DataFrame | None = None,
    told: dict[str, Any] | None = None,
    comparison: pd.DataFrame | None = None,
) -> Path:
    """Writes tables, a figure and the report under ``folder`` as a run lays them out; returns the page's path."""
    table = backdoor_table(samplings=("8", "all")) if table is None else table
    reference = pd.read_csv(ROOT / "config/papers/reference.csv", dtype=str)
    tables = {
        "prediction_backdoor": table.assign(threshold_mm=20.0),
        "paper_comparison": compare.compare({"prediction_backdoor": table}, reference, [SMALL])
        if comparison is None
        else comparison,
    }
    paths = {name: folder / "tables" / f"{name}.csv" for name in tables}
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, content in tables.items():
        content.to_csv(paths[name], index=False, float_format="%.10g")
    dataset, predictor = str(table["dataset"].iloc[0]), str(table["predictor"].iloc[0])
    figure = {kind: folder / "figures" / f"horizons.{kind}" for kind in ("pdf", "svg", "png")}
    style.save(horizons.draw(table, dataset=dataset, predictor=predictor), **figure)
    caption = f"Error per horizon, {dataset}, {predictor}: clean windows left, triggered windows right."
    page = folder / "report" / "index.html"
    build(page, run="real", tables=paths, figures={"horizons": (figure["svg"], caption)}, facts=told or facts())
    return page


def hostile(run: Path) -> Path:
    """A run whose every text from outside is markup."""
    data = {**facts()["datasets"][0], "name": EVIL, "title": EVIL, "terms": EVIL, "citation": EVIL}
    data |= {"actions": [EVIL], "absent": [EVIL], "left_out": [{"path": EVIL, "reason": EVIL}]}
    data |= {"recording": {EVIL: EVIL}, "sequences": {EVIL: 1}, "sha256": EVIL, "fps_published": EVIL}
    windows = {**facts()["windows"][0], "dataset": EVIL, "name": EVIL, "too_short": [EVIL], "windows": {EVIL: 1}}
    model = {**facts()["models"][0], "dataset": EVIL, "poison": EVIL, "predictor": EVIL, "device": EVIL}
    told = facts(
        datasets=[data],
        windows=[windows],
        models=[model],
        configuration={EVIL: {EVIL: [EVIL]}},
        versions={EVIL: [EVIL]},
        commits=[EVIL],
        artefacts=[{"path": EVIL, "sha256": EVIL, "bytes": 1}],
    )
    evil = (EVIL, EVIL, EVIL, 0.1)
    made = backdoor_table(dataset=EVIL, predictor=EVIL, actions=(EVIL, "walking"), strategies=[evil])
    paths = {"prediction_backdoor": run / "prediction.csv", "paper_comparison": run / "papers.csv", EVIL: run / "o.csv"}
    made.to_csv(paths["prediction_backdoor"], index=False)
    made.head(3).to_csv(paths[EVIL], index=False)
    texts = ("paper", "table", "dataset", "model", "setting", "run_dataset", "predictor", "unit", "reason")
    row: dict[str, Any] = dict.fromkeys(texts, EVIL)
    row |= {"metric": EVIL, "paper_value": 1.0, "value": 2.0, "low": 1.0, "high": 3.0, "tolerance": 0.1}
    verdicts = [{**row, "verdict": "not comparable"}, {**row, "metric": "MPJPE@80ms", "verdict": "differs"}]
    pd.DataFrame(verdicts * 5).to_csv(paths["paper_comparison"], index=False)
    figure = run / "figure.svg"
    figure.write_text(f"<svg xmlns='http://www.w3.org/2000/svg'>{EVIL}</svg>")
    build(run / "page.html", run=EVIL, tables=paths, figures={EVIL: (figure, EVIL)}, facts=told)
    return run / "page.html"
