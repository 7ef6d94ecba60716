"""Draws a clean and a triggered window in motion, with what two models predict."""

from pathlib import Path

from kinesec.plots import animation
from kinesec.plots.parts import stick_figures
from kinesec.provenance.job import job

with job(snakemake) as run:
    animation.save(stick_figures.read(Path(run.input.samples).parent), webp=run.output.webp, png=run.output.png)
