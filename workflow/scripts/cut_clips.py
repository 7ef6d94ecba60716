"""Cuts motions into labelled clips of one length."""

from pathlib import Path

from kinesec.provenance.job import job
from kinesec.samples.clips.cut import cut

with job(snakemake) as run:
    cut(Path(run.input.motions).parent, Path(run.output.store).parent, dict(run.params.protocol))
