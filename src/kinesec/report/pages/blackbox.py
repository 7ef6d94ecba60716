"""The report's table of hard-label attacks: what they reach, whether bodies can do it, and after how many queries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kinesec.report.format import LENGTH, PERCENT, interval, number, plural, pretty
from kinesec.tables.blackbox import AFTER
from kinesec.tables.labels import attack_labels
from kinesec.tables.seeds import count, of_seeds

CAPTION = (
    "Attacks that see labels alone: success, and the share that ends on the manifold of human motion (bones kept to "
    "0.1 %, no joint beyond its limit); l in normalised units, at the first boundary point and at the end, and the "
    "least after so many queries, on the manifold or off it"
)
LABELS = {
    "what": "Attack",
    "success": "success (%)",
    "on_manifold": "on the manifold (%)",
    "clean": "clean clips within limits (%)",
    "converged": "projections converged (%)",
    "queries": "queries",
    "bone": "bone lengths (%)",
    "boundary": "first boundary point",
    "search": "before the last projection",
    "final": "of the clip",
    **{f"after_{queries}": f"{queries:,}" for queries in AFTER},
}
SPANNERS = {
    "Median l": ["boundary", "search", "final"],
    "Median l after queries": [f"after_{queries}" for queries in AFTER],
}


def blackbox(rows: pd.DataFrame, groups: Sequence[str] = ("dataset", "clips", "recognizer")) -> pd.DataFrame:
    """attack by success, on-manifold rate with its control, queries and l."""
    parts = []
    for key, group in rows.groupby(list(groups), sort=False):
        labels, chosen = attack_labels(group), of_seeds(group)
        dataset, clips, recognizer = map(str, key)
        tested = plural(int(chosen["n"].min()), "clip")
        for row in chosen.to_dict("records"):
            label = labels[row["attack"]]
            strategy = "" if row["strategy"] in label.split(", ") else f", {row['strategy']}"
            cells = {
                "what": f"{label}{strategy}",
                "group": f"{dataset}, {clips} \u00b7 {pretty(recognizer)} \u00b7 {tested} correctly classified, "
                f"{plural(count(group), 'seed')}",
                "success": _interval(*(row[f"{end}_percent"] for end in ("success", "low", "high")), within=PERCENT),
                "on_manifold": _interval(
                    *(row[f"on_manifold_{end}"] for end in ("percent", "low", "high")), within=PERCENT
                ),
                "clean": number(row["clean_within_limits_percent"]),
                "converged": number(row["converged_percent"]),
                "queries": f"{float(row['queries_median']):,.0f}",
                "bone": number(row["bone_change_percent"]),
            }
            cells |= {
                name: number(row[f"{column}_median"])
                for name, column in (("boundary", "boundary_l"), ("search", "search_l"), ("final", "l_normalised"))
            }
            for queries in AFTER:
                ends = (row[f"l_after_{queries}{end}"] for end in ("", "_low", "_high"))
                cells[f"after_{queries}"] = _interval(*ends)
            parts.append(cells)
    return pd.DataFrame(parts)


def _interval(value: float, low: float, high: float, *, within: tuple[float, float] = LENGTH) -> str:
    # where half of some resample's clips were not adversarial yet, an interval has no end
    return interval(value, low if np.isfinite(high) else np.nan, high, within=within)
