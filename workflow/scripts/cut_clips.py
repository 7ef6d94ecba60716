"""Cuts motions into labelled clips of one length."""

from pathlib import Path

from kinesec.cut_clips import cut
from kinesec.run import job

with job(snakemake) as run:
    cut(Path(run.input.motions).parent, Path(run.output.store).parent, dict(run.params.protocol))
