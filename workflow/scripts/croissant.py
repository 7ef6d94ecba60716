"""Describes a poisoned data set in Croissant."""

from pathlib import Path

from kinesec import names
from kinesec.provenance.croissant import write
from kinesec.provenance.job import job

with job(snakemake) as run:
    info = names.load("sources.datasets", run.params.module).INFO
    write(Path(run.input.store).parent, Path(run.output.metadata), info)
