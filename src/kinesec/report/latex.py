"""The report's tables as LaTeX, with booktabs: the same rows, names and intervals as on the page.

A table is read from its markup, so that whatever the page shows is what a paper prints. All text is escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

LONGEST = 45  # lines of a table that fits a page
_RIGHT = {"number", "gt_right"}
_ESCAPED = {
    **{"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}"},
    **{"|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}"},
    # after the \\ of a row, a bracket or an asterisk would be its option
    **{"[": "{[}", "]": "{]}", "*": "{*}"},
    **{"\u2013": r"\textendash{}", "\u2212": "$-$", "\u2026": r"\ldots{}", "\u00b0": r"\textdegree{}"},
    **{"\u00b7": r"$\cdot$", "\u00d7": r"$\times$", "\u2192": r"$\rightarrow$", "\u2265": r"$\geq$"},
    **{"\u2264": r"$\leq$", "\u00b2": r"\textsuperscript{2}", "\u00b3": r"\textsuperscript{3}"},
}


def escape(text: str) -> str:
    """Text that LaTeX prints as it stands. What is invisible, such as marks of direction, is left out.

    Letters that pdfLaTeX lacks, as Chinese ones, stay: XeLaTeX and LuaLaTeX print them.
    """
    words = " ".join(text.split())
    written = (_ESCAPED.get(sign, sign) for sign in words if unicodedata.category(sign) not in ("Cc", "Cf"))
    return "".join(written).replace("--", "-{}-")  # two hyphens would be a dash


@dataclass
class Cell:
    """A cell: its text, how many columns and rows it takes, whether it is set to the right."""

    text: str
    columns: int = 1
    rows: int = 1
    right: bool = False


@dataclass
class Sheet:
    """A table as read: lines of cells."""

    name: str = ""
    caption: str = ""
    head: list[list[Cell]] = field(default_factory=list)
    body: list[list[Cell]] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many columns it has."""
        return max((sum(cell.columns for cell in line) for line in (*self.head, *self.body)), default=0)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sheet = Sheet()
        self._lines = self.sheet.body
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "table":
            self.sheet.name = given.get("id", "")
        elif tag in ("thead", "tbody"):
            self._lines = self.sheet.head if tag == "thead" else self.sheet.body
        elif tag == "tr":
            self._lines.append([])
        elif tag in ("td", "th"):
            right = bool(_RIGHT & set(given.get("class", "").split()))
            columns, rows = (int(given.get(name, 1)) for name in ("colspan", "rowspan"))
            self._lines[-1].append(Cell("", columns, rows, right))
            self._text = []
        elif tag == "caption":
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "caption") and self._text is not None:
            text, self._text = " ".join("".join(self._text).split()), None
            if tag == "caption":
                self.sheet.caption = text
            else:
                self._lines[-1][-1].text = text


def read(markup: str) -> Sheet:
    """A ``<table>`` of the report."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.sheet


def typeset(sheet: Sheet) -> str:
    """A table with booktabs' rules: a float, or where it is longer than a page a ``longtable``."""
    long = len(sheet.body) > LONGEST
    kinds = "".join("r" if right else "l" for right in _right(sheet))
    title = f"\\caption{{{escape(sheet.caption)}}}\n\\label{{tab:{re.sub('[^A-Za-z0-9]+', '-', sheet.name)}}}"
    head = ["\\toprule", *_head(sheet), "\\midrule"]
    body = [*_body(sheet), "\\bottomrule"]
    if long:
        lines = [f"\\begin{{longtable}}{{{kinds}}}", f"{title}\\\\", *head, "\\endhead", *body, "\\end{longtable}"]
    else:
        inner = [f"\\begin{{tabular}}{{{kinds}}}", *head, *body, "\\end{tabular}"]
        lines = ["\\begin{table}", "\\centering", title, *inner, "\\end{table}"]
    return "\n".join(lines) + "\n"


def _right(sheet: Sheet) -> list[bool]:
    """Of each column whether it is set to the right, as its cells are."""
    rows = [line for line in sheet.body if len(line) == sheet.width]
    return [any(line[place].right for line in rows) for place in range(sheet.width)]


def _head(sheet: Sheet) -> Iterator[str]:
    """The header's lines; a cell that takes several rows stands in the last of them, over its column."""
    # of each column, the cell that waits for its last line
    waiting: dict[int, tuple[Cell, int]] = {}
    for number, line in enumerate(sheet.head):
        cells, rules, place, given = [], [], 0, iter(line)
        while place < sheet.width:
            if place in waiting:
                cell, last = waiting[place]
                cells.append(_cell(cell if number == last else Cell("", cell.columns)))
                place += cell.columns
                continue
            cell = next(given, Cell(""))
            last = min(number + cell.rows, len(sheet.head)) - 1
            if last > number:
                waiting[place] = cell, last
            cells.append(_cell(cell if last == number else Cell("", cell.columns)))
            if cell.columns > 1 and last == number and cell.text:
                rules.append(f"\\cmidrule(lr){{{place + 1}-{place + cell.columns}}}")
            place += cell.columns
        yield " & ".join(cells) + " \\\\"
        if rules:
            yield "".join(rules)


def _cell(cell: Cell) -> str:
    if cell.columns == 1:
        return escape(cell.text)
    return f"\\multicolumn{{{cell.columns}}}{{c}}{{{escape(cell.text)}}}"


def _body(sheet: Sheet) -> Iterator[str]:
    for number, line in enumerate(sheet.body):
        if len(line) == 1 and sheet.width > 1:
            if number:
                yield "\\addlinespace"
            yield f"\\multicolumn{{{sheet.width}}}{{l}}{{\\textit{{{escape(line[0].text)}}}}} \\\\"
        else:
            missing = sheet.width - sum(cell.columns for cell in line)
            yield " & ".join([*map(_cell, line), *[""] * missing]) + " \\\\"


def document(name: str, tables: Sequence[str]) -> str:
    """The file of some tables of the report: what it needs, then each; without any it says so, and prints nothing."""
    first = f"% {name}: the report's tables of {name}.csv; 95 % intervals in brackets\n"
    needs = "% \\usepackage{booktabs,longtable,textcomp}\n"
    if not tables:
        return f"{first}% the run has no row of it\n"
    return "\n".join([first + needs, *(typeset(read(table)) for table in tables)])
