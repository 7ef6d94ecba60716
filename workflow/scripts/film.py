"""Writes an animation of the report as MP4 and GIF."""

from kinesec.plots import film
from kinesec.provenance.job import job

with job(snakemake) as run:
    film.save(run.input.animation, mp4=run.output.mp4, gif=run.output.gif)
