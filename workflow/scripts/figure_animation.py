"""Draws a clean and a triggered window in motion, with what two models predict."""

from pathlib import Path

from kinesec.plots import animation
from kinesec.provenance.job import job
from kinesec.samples import scenes

with job(snakemake) as run:
    animation.save(scenes.of_windows(Path(run.input.samples).parent), webp=run.output.webp, png=run.output.png)
