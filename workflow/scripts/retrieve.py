"""Puts a data set's raw files in place, checked, and writes what is there."""

from pathlib import Path

from kinesec.provenance.job import job
from kinesec.sources.raw import provide

with job(snakemake) as run:
    provide(
        run.params.data,
        receipt=Path(run.output.receipt),
        manifest=Path(run.params.manifest) if run.params.manifest else None,
        mirror=run.resources.mirror or None,
    )
