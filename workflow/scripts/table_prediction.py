"""Joins the tables of all evaluations into the run's table, with means over seeds."""

import pandas as pd

from kinesec.run import job
from kinesec.tables import with_all_seeds, write_csv

with job(snakemake) as run:
    parts = [pd.read_csv(path, dtype={"frame": "Int64", "sampling": "str"}) for path in run.input.tables]
    write_csv(with_all_seeds(pd.concat(parts, ignore_index=True)), run.output.table)
