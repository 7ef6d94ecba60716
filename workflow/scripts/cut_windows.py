"""Cuts motions into prediction windows."""

from pathlib import Path

from kinesec.provenance.job import job
from kinesec.samples.windows.cut import Protocol, cut

with job(snakemake) as run:
    cut(Path(run.input.motions).parent, Path(run.output.store).parent, Protocol(**run.params.protocol))
