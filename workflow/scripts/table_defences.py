"""Joins the tables of all defences into the run's table."""

import pandas as pd

from kinesec.provenance.job import job
from kinesec.tables.files import write_csv

with job(snakemake) as run:
    whole = dict.fromkeys(("seed", "epoch", "step", "frame", "n", "n_marked"), "Int64")
    parts = [pd.read_csv(path, dtype={**whole, "flagged": "boolean"}) for path in run.input.tables]
    write_csv(pd.concat(parts, ignore_index=True), run.output.table)
