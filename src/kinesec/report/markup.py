"""Tables as HTML: every cell escaped; the page's one style sheet dresses them, its script sorts and filters them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from kinesec.report.naming import named, prose


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
    verbatim: Sequence[str] = (),
    choices: Sequence[str] = (),
) -> Markup:
    """A captioned ``<table>``; ``frame`` holds text.

    ``row`` is the column that names a row, ``group`` the one whose values head groups of rows, ``labels`` the header
    of each column, ``spanners`` headers over several, ``numbers`` the columns to align right. ``verdicts`` colours
    the cell at (row's place, column). Names in cells are those in print but in ``verbatim`` columns, which hold paths
    and hashes. Readers may choose among the values of ``choices``. The same frame gives the same text.
    """
    kept = [column for column in frame.columns if column in labels and column not in (row, group)]
    columns = [row, *_adjacent(kept, spanners or {})]
    places = [str(columns.index(column)) for column in choices]
    chosen = Markup(' data-choices="{}"').format(" ".join(places)) if places else Markup("")
    made = [
        Markup('<table id="{}"{}>\n<caption>{}</caption>\n<thead>\n').format(name, chosen, prose(caption)),
        *_head(columns, labels, spanners or {}, numbers),
        Markup("</thead>\n"),
    ]
    records = [(place, record) for place, record in enumerate(frame.to_dict("records"))]
    for heading, of_group in groupby(_together(records, group), lambda item: str(item[1][group]) if group else ""):
        made.append(Markup("<tbody>\n"))
        if group:
            made.append(
                Markup('<tr class="group"><th colspan="{}" scope="rowgroup"><span>{}</span></th></tr>\n').format(
                    len(columns), named(heading)
                )
            )
        for place, record in of_group:
            made.append(Markup("<tr>"))
            for column in columns:
                text = record[column] if column in verbatim else named(record[column])
                verdict = (verdicts or {}).get((place, column))
                made.append(_cell(text, column == row, column in numbers, column in verbatim, verdict))
            made.append(Markup("</tr>\n"))
        made.append(Markup("</tbody>\n"))
    return Markup("").join([*made, Markup("</table>")])


def _adjacent(kept: Sequence[str], spanners: Mapping[str, Sequence[str]]) -> list[str]:
    """The columns, those of a spanner beside its first."""
    over = {
        column: [name for name in of_label if name in kept] for of_label in spanners.values() for column in of_label
    }
    return list(dict.fromkeys(name for column in kept for name in over.get(column, [column])))


def _together(records: list[tuple[int, dict[Any, Any]]], group: str | None) -> list[tuple[int, dict[Any, Any]]]:
    """The records, those of a group beside its first."""
    if group is None:
        return records
    order = {heading: place for place, heading in enumerate(dict.fromkeys(str(record[group]) for _, record in records))}
    return sorted(records, key=lambda item: order[str(item[1][group])])


def _head(
    columns: Sequence[str], labels: Mapping[str, str], spanners: Mapping[str, Sequence[str]], numbers: Sequence[str]
) -> Iterator[Markup]:
    over = {column: label for label, of_label in spanners.items() for column in of_label if column in columns}

    def leaf(column: str, rows: int) -> Markup:
        spans = Markup(' rowspan="2"') if rows == 2 else Markup("")
        kind = Markup(' class="number"') if column in numbers else Markup("")
        return Markup('<th scope="col" data-column="{}"{}{}>{}</th>').format(
            columns.index(column), spans, kind, prose(labels[column])
        )

    if not over:
        yield Markup("<tr>{}</tr>\n").format(Markup("").join(leaf(column, 1) for column in columns))
        return
    first: list[Markup] = []
    for label, of_label in groupby(columns, lambda column: over.get(column, "")):
        members = list(of_label)
        if label:
            spanner = Markup('<th scope="colgroup" colspan="{}" class="spanner">{}</th>')
            first.append(spanner.format(len(members), prose(label)))
        else:
            first += [leaf(column, 2) for column in members]
    yield Markup("<tr>{}</tr>\n").format(Markup("").join(first))
    yield Markup("<tr>{}</tr>\n").format(Markup("").join(leaf(column, 1) for column in columns if column in over))


def _cell(text: object, is_row: bool, is_number: bool, is_code: bool, verdict: str | None) -> Markup:
    kinds = [
        *(["number"] if is_number else []),
        *(["verbatim"] if is_code else []),
        *([verdict.replace(" ", "-")] if verdict else []),
    ]
    kind = Markup(' class="{}"').format(" ".join(kinds)) if kinds else Markup("")
    written = Markup("<code>{}</code>").format(text) if is_code else escape(text)
    if is_row:
        return Markup('<th scope="row"{}>{}</th>').format(kind, written)
    return Markup("<td{}>{}</td>").format(kind, written)
