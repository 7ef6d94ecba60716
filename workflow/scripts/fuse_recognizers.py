"""Makes one recognizer of several trained ones."""

from pathlib import Path

from kinesec.jobs.fuse_recognizers import fuse_recognizers
from kinesec.provenance.job import job

with job(snakemake) as run:
    fuse_recognizers(
        member_paths=dict(zip(run.params.members, map(Path, run.input.members), strict=True)),
        average=run.params.average,
        seed=int(run.wildcards.seed),
        model_path=Path(run.output.model),
        log_path=Path(run.output.log),
    )
