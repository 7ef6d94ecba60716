"""Draws a clean and a triggered window in motion, with what two models predict."""

from pathlib import Path

from kinesec.plots import animation, skeletons
from kinesec.run import job

with job(snakemake) as run:
    animation.save(skeletons.read(Path(run.input.samples).parent), webp=run.output.webp, png=run.output.png)
