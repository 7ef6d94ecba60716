"""Joins the tables of all evaluations and poisons into the run's tables, with means over seeds."""

import pandas as pd

from kinesec.provenance.job import job
from kinesec.tables import stealth
from kinesec.tables.files import write_csv
from kinesec.tables.prediction import joined, with_all_seeds

with job(snakemake) as run:
    parts = (pd.read_csv(path, dtype={"frame": "Int64", "sampling": "str"}) for path in run.input.tables)
    table = joined(parts, run.params.rows.get("frames"), run.params.rows.get("actions", "every"))
    write_csv(with_all_seeds(table), run.output.table)
    if run.input.told_apart:
        tested = pd.concat([stealth.read(path) for path in run.input.told_apart], ignore_index=True)
        write_csv(stealth.over_seeds(tested), run.output.prediction_stealth)
        chosen = pd.concat([stealth.read(path) for path in run.input.selected], ignore_index=True)
        write_csv(chosen, run.output.prediction_selected)
