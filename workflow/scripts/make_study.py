"""Writes the trials of a perceptual study and the page that asks them."""

from pathlib import Path

from kinesec.jobs.make_study import make_study
from kinesec.provenance.job import job

with job(snakemake) as run:
    make_study(
        clips_path=Path(run.input.clips).parent,
        shard_paths=[Path(path).parent for path in run.input.shards],
        records_paths=[Path(path) for path in run.input.records],
        table_paths=[Path(path) for path in run.input.tables],
        settings=dict(run.params.settings),
        trials_path=Path(run.output.trials),
        page_path=Path(run.output.page),
    )
