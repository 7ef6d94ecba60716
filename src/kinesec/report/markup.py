"""Tables as HTML: great-tables builds them and escapes every cell; the page's one style sheet dresses them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd
from great_tables import GT, loc, style
from markupsafe import Markup, escape

from kinesec.tables.papers.verdicts import VERDICTS

VARIABLES = {verdict: f"var(--{verdict.replace(' ', '-')})" for verdict in VERDICTS}


def table(
    frame: pd.DataFrame,
    *,
    name: str,
    caption: str,
    labels: Mapping[str, str],
    row: str,
    group: str | None = None,
    spanners: Mapping[str, Sequence[str]] | None = None,
    numbers: Sequence[str] = (),
    verdicts: Mapping[tuple[int, str], str] | None = None,
) -> Markup:
    """A captioned ``<table>``; ``frame`` holds text.

    ``row`` is the column that names a row, ``group`` the one whose values head groups of rows, ``labels`` the header
    of each column, ``spanners`` headers over several, ``numbers`` the columns to align right. ``verdicts`` colours
    the cell at (row's place, column). The same frame gives the same text.
    """
    kept = [column for column in frame.columns if column in labels or column in (row, group)]
    built = GT(frame[kept], id=name, rowname_col=row, groupname_col=group)
    built = built.tab_stubhead(label=labels[row])
    built = built.cols_label({column: label for column, label in labels.items() if column in kept and column != row})
    for label, columns in (spanners or {}).items():
        built = built.tab_spanner(label=label, columns=[column for column in columns if column in kept])
    aligned = [column for column in numbers if column in kept]
    if aligned:
        built = built.cols_align("right", columns=aligned)
    left = [column for column in kept if column not in (row, group, *aligned)]
    if left:
        built = built.cols_align("left", columns=left)
    for (place, column), verdict in (verdicts or {}).items():
        built = built.tab_style(style.css(f"background-color: {VARIABLES[verdict]}"), loc.body(column, [place]))
    html = built.as_raw_html()
    inner = re.search(r"<table\b.*</table>", html, flags=re.DOTALL)
    assert inner is not None, "great-tables gave no table"
    rest = inner[0].partition(">")[2]
    return Markup(f'<table id="{escape(name)}">\n<caption>{escape(caption)}</caption>{rest}')
