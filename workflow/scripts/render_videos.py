"""Renders clips as videos of point lights or stick figures."""

from pathlib import Path

from kinesec.jobs.render_videos import render_videos
from kinesec.provenance.job import job

with job(snakemake) as run:
    render_videos(
        clips_path=Path(run.input.clips).parent,
        settings=dict(run.params.settings),
        seed=run.params.seed,
        videos_path=Path(run.output.store).parent,
    )
