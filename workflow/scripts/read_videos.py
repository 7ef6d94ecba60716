"""Decodes a folder of real videos into one store."""

from pathlib import Path

from kinesec.jobs.read_videos import read_videos
from kinesec.provenance.job import job

with job(snakemake) as run:
    read_videos(
        folder=Path(run.params.folder),
        settings=dict(run.params.settings),
        dataset=run.wildcards.data,
        videos_path=Path(run.output.store).parent,
    )
