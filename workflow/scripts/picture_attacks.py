"""Gathers what figures show of some attacks on one recognizer."""

from pathlib import Path

from kinesec.jobs.picture_attacks import picture_attacks
from kinesec.provenance.job import job

with job(snakemake) as run:
    picture_attacks(
        clips_path=Path(run.input.clips).parent,
        shard_paths=[Path(path).parent for path in run.input.shards],
        records_paths=[Path(path) for path in run.input.records],
        table_paths=[Path(path) for path in run.input.tables],
        scenes_path=Path(run.output.scenes).parent,
    )
