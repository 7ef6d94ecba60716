"""The report's tables as LaTeX: what the page shows, escaped, in lines that have as many cells as there are columns."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from backdoor_table import backdoor_table

from kinesec.plan import prints
from kinesec.report import latex, latex_tables
from kinesec.report.markup import table

EVIL = '\\input{/etc/passwd} & 100 % of $x_1^2$ # {~} [*] | <b> "q" `c` a--b \u202e\u0000right \u4e2d'
# LaTeX's special signs, none of which may stand in a cell but as escape() writes it
SPECIAL = re.compile(r"(?<!\\)[&%$#_^~]")


def unescaped(text: str) -> str:
    """What a cell prints."""
    pairs = sorted(latex._ESCAPED.items(), key=lambda pair: -len(pair[1]))
    text = text.replace("-{}-", "--")
    signs = {written: sign for sign, written in pairs}
    return re.sub("|".join(re.escape(written) for written in signs), lambda found: signs[found[0]], text)


def made(**changes: object) -> str:
    frame = pd.DataFrame(
        {
            "group": ["first", "first", "second"],
            "model": ["a_b", EVIL, "c"],
            "cde": ["1.0 (0.5\u20132)", "3", "\u2212 5 %"],
            "bde": ["4", "5", "6"],
            "verdict": ["shown", "mixed", "[not run]"],
        }
    )
    given = {
        "name": "prediction-headline",
        "caption": "Errors & controls, 100 %",
        "labels": {"model": "Model", "cde": "clean", "bde": "triggered", "verdict": "verdict"},
        "row": "model",
        "group": "group",
        "spanners": {"Error (mm)": ["cde", "bde"]},
        "numbers": ["cde", "bde"],
    }
    return str(table(frame, **given | changes))  # type: ignore[arg-type]


def lines_of(text: str) -> list[str]:
    """The lines of a table's cells."""
    return [line.removesuffix(" \\\\") for line in text.splitlines() if line.endswith(" \\\\")]


def width(line: str) -> int:
    """How many columns a line takes."""
    cells = re.split(r"(?<!\\)&", line)
    return sum(int(found[1]) if (found := re.match(r"\s*\\multicolumn\{(\d+)\}", cell)) else 1 for cell in cells)


def test_every_line_has_all_columns_and_every_cell_its_text() -> None:
    text = latex.typeset(latex.read(made()))
    lines = lines_of(text)
    assert {width(line) for line in lines} == {4}
    heads, body = lines[:2], lines[2:]
    assert [cell.strip() for cell in heads[0].split("&")] == ["", r"\multicolumn{2}{c}{Error (mm)}", ""]
    assert [cell.strip() for cell in heads[1].split("&")] == ["Model", "clean", "triggered", "verdict"]
    assert r"\cmidrule(lr){2-3}" in text
    assert body[0] == r"\multicolumn{4}{l}{\textit{first}}"
    assert [unescaped(cell.strip()) for cell in body[1].split("&")] == ["a b", "1.0 (0.5\u20132)", "4", "shown"]
    assert [unescaped(cell.strip()) for cell in body[4].split("&")] == ["c", "\u2212 5 %", "6", "[not run]"]
    assert text.count(r"\addlinespace") == 1
    assert r"\begin{tabular}{lrrl}" in text
    assert r"\caption{Errors \& controls, 100 \%}" in text
    assert r"\label{tab:prediction-headline}" in text


def test_a_table_without_spanners_or_groups() -> None:
    text = latex.typeset(latex.read(made(spanners=None, group=None)))
    assert {width(line) for line in lines_of(text)} == {4}
    assert "cmidrule" not in text
    assert "textit" not in text


def test_rules_are_booktabs_in_their_order() -> None:
    text = latex.typeset(latex.read(made()))
    assert re.findall(r"\\(toprule|midrule|bottomrule|hline)", text) == ["toprule", "midrule", "bottomrule"]
    assert re.findall(r"\\(begin|end)\{(\w+)\}", text) == [
        ("begin", "table"), ("begin", "tabular"), ("end", "tabular"), ("end", "table"),
    ]  # fmt: skip


def test_a_table_longer_than_a_page_breaks() -> None:
    frame = pd.DataFrame({"model": [f"m{place}" for place in range(latex.LONGEST + 1)], "cde": "1"})
    markup = table(frame, name="t", caption="c", labels={"model": "M", "cde": "C"}, row="model")
    text = latex.typeset(latex.read(str(markup)))
    assert text.startswith(r"\begin{longtable}")
    assert r"\endhead" in text
    assert len(lines_of(text)) == latex.LONGEST + 2


def test_hostile_text_is_text() -> None:
    written = latex.escape(EVIL)
    assert unescaped(written) == EVIL.replace("\u202e", "").replace("\u0000", "")
    bare = re.sub(r"\$\\?[a-z-]+\$", "", written)
    assert not SPECIAL.search(bare)
    assert written.count("{") == written.count("}")
    assert not re.search(r"\\input(?![a-z])", written)
    assert written.startswith(r"\textbackslash{}input\{")


@pytest.mark.parametrize("sign", ["[", "*", "-", "&", "%", "\\", "{"])
def test_a_line_that_begins_with_a_sign_is_no_option_of_the_line_before(sign: str) -> None:
    assert not latex.escape(sign).startswith(("[", "*", "&", "%"))


def test_the_prediction_table_prints_the_page_s_numbers(tmp_path: Path) -> None:
    path = tmp_path / "prediction_backdoor.csv"
    backdoor_table(samplings=("8", "all")).assign(threshold_mm=20.0).to_csv(path, index=False, float_format="%.10g")
    outputs = [tmp_path / place / "prediction_backdoor.tex" for place in ("one", "two")]
    for output in outputs:
        latex_tables.write({"prediction_backdoor": output}, {"prediction_backdoor": path})
    first, second = (output.read_bytes() for output in outputs)
    assert first == second
    text = first.decode()
    assert text.splitlines()[1] == r"% \usepackage{booktabs,longtable,textcomp}"
    labels = re.findall(r"\\label\{tab:([^}]*)\}", text)
    assert {"headline", "horizons"} <= {label.removeprefix("prediction-") for label in labels}
    for part in text.split(r"\begin{table}")[1:]:
        (kinds,) = re.findall(r"\\begin\{tabular\}\{([lr]+)\}", part)
        assert {width(line) for line in lines_of(part)} == {len(kinds)}
    page = latex_tables._prediction({"prediction_backdoor": path})["horizons"]
    numbers = re.findall(r">(\d+\.\d+ \([^<]*)<", str(page))
    assert numbers
    assert all(latex.escape(number) in text for number in numbers)


def test_a_table_without_rows_says_so() -> None:
    assert latex.document("detection", []).splitlines()[-1] == "% the run has no row of it"


def test_what_a_run_plans_is_what_can_be_written() -> None:
    assert set(prints.PRINTED) == set(latex_tables.NAMES)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_latex_takes_it(tmp_path: Path) -> None:
    body = latex.typeset(latex.read(made())).replace("\u4e2d", "")
    first = "\\documentclass{article}\\usepackage{booktabs,longtable,textcomp}"
    (tmp_path / "table.tex").write_text(f"{first}\\begin{{document}}{body}\\end{{document}}")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout[-2000:]
