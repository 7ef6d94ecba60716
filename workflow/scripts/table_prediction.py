"""Joins the tables of all evaluations into the run's table."""

import pandas as pd

from kinesec.run import job
from kinesec.tables import write_csv

with job(snakemake) as run:
    parts = [pd.read_csv(path, dtype={"frame": "Int64"}) for path in run.input.tables]
    write_csv(pd.concat(parts, ignore_index=True), run.output.table)
