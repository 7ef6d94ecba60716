"""Cuts motions into prediction windows."""

from pathlib import Path

from kinesec.run import job
from kinesec.windows import Protocol, cut

with job(snakemake) as run:
    cut(Path(run.input.motions).parent, Path(run.output.store).parent, Protocol(**run.params.protocol))
