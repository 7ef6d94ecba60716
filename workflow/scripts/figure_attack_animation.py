"""Draws a clip in motion, clean and under some attacks."""

from kinesec.errors import NothingToDraw
from kinesec.evaluation.attack_scenes import Jobs
from kinesec.plots import attack_animation
from kinesec.provenance.job import job

with job(snakemake) as run:
    jobs = Jobs.of(run.input.clips, run.input.shards, run.input.records, run.input.tables)
    try:
        attack_animation.save(jobs.typical(), webp=run.output.webp, png=run.output.png)
    except NothingToDraw as nothing:
        attack_animation.save_note(str(nothing), webp=run.output.webp, png=run.output.png)
