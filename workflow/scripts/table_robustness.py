"""Joins the evaluations of defended recognizers into the run's tables."""

from kinesec.jobs.table_robustness import write_all
from kinesec.provenance.job import job

with job(snakemake) as run:
    write_all(
        accuracy=list(run.input.accuracy),
        accuracy_records=list(run.input.accuracy_records),
        rows=list(run.input.attacks),
        records=list(run.input.records),
        certificates=list(run.input.certificates),
        defences=dict(run.params.defences),
        judged=dict(run.params.attacks),
        out=dict(run.output.items()),
    )
