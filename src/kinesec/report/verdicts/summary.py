"""The verdicts of a run as a small file, for those who read no page: the lines that a run ends with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from kinesec.report.naming import named
from kinesec.report.verdicts.run import verdicts


def write(out_json: str | Path, tables: Mapping[str, str | Path]) -> None:
    """Writes a list of ``{system, mark, words}``, one a line, in the report's order; ``tables`` are CSVs by name."""
    told = [{"system": each.system, "mark": each.mark, "words": named(each.words)} for each in verdicts(tables)]
    lines = ",\n".join(json.dumps(verdict, ensure_ascii=False) for verdict in told)
    path = Path(out_json)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")
