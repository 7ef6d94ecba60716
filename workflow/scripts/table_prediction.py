"""Joins the tables of all evaluations into the run's table, with means over seeds."""

import pandas as pd

from kinesec.provenance.job import job
from kinesec.tables.files import write_csv
from kinesec.tables.prediction import joined, with_all_seeds

with job(snakemake) as run:
    parts = (pd.read_csv(path, dtype={"frame": "Int64", "sampling": "str"}) for path in run.input.tables)
    table = joined(parts, run.params.rows.get("frames"), run.params.rows.get("actions", "every"))
    write_csv(with_all_seeds(table), run.output.table)
