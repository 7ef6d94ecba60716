"""Joins the evaluations and searches of backdoored classifiers into the run's tables."""

from kinesec.jobs.table_backdoor import write_all
from kinesec.provenance.job import job

with job(snakemake) as run:
    write_all(
        records=list(run.input.records),
        imperceptibility=list(run.input.imperceptibility),
        detections=list(run.input.detections),
        poisons=dict(run.params.poisons),
        networks=dict(run.params.networks),
        detectors=dict(run.params.detectors),
        out=dict(run.output.items()),
    )
