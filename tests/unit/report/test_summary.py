"""The verdicts' file that the end of a run reads."""

from __future__ import annotations

import json
from pathlib import Path

from backdoor_table import backdoor_table

from kinesec.report.naming import named
from kinesec.report.verdicts import summary
from kinesec.report.verdicts.run import verdicts


def test_each_system_has_a_line_and_the_same_tables_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "prediction_backdoor.csv"
    backdoor_table().assign(threshold_mm=20.0).to_csv(path, index=False, float_format="%.10g")
    tables = {"prediction_backdoor": path}
    for name in ("one.json", "two.json"):
        summary.write(tmp_path / name, tables)
    text = (tmp_path / "one.json").read_text("utf-8")
    assert text == (tmp_path / "two.json").read_text("utf-8")
    made = verdicts(tables)
    assert json.loads(text) == [{"system": each.system, "mark": each.mark, "words": named(each.words)} for each in made]
    assert len(text.splitlines()) == len(made) + 2
