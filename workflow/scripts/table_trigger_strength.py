"""Joins the tables of all victims under imperfect triggers into the run's table, with means over seeds."""

from kinesec.provenance.job import job
from kinesec.tables.files import write_csv
from kinesec.tables.trigger_strength import joined, read

with job(snakemake) as run:
    write_csv(joined(map(read, run.input.tables)), run.output.table)
