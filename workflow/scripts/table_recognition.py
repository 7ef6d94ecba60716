"""Joins the jobs' tables of recognizers, attacks and transfer into the run's, with those that the SMART paper has."""

from kinesec.jobs.table_recognition import write_all
from kinesec.provenance.job import job

with job(snakemake) as run:
    write_all(
        accuracy=list(run.input.get("accuracy", [])),
        attacks=list(run.input.get("attacks", [])),
        records=list(run.input.get("records", [])),
        transfer=list(run.input.get("transfer", [])),
        tuning=list(run.input.get("tuning", [])),
        out=dict(run.output.items()),
    )
