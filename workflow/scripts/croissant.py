"""Describes a poisoned data set in Croissant."""

from pathlib import Path

from kinesec import names
from kinesec.croissant import write
from kinesec.run import job

with job(snakemake) as run:
    info = names.load("datasets", run.params.module).INFO
    write(Path(run.input.store).parent, Path(run.output.metadata), info)
