"""Draws what near misses of the trigger do, of one data set and predictor."""

from kinesec import tidy
from kinesec.plots import near_misses, style
from kinesec.run import job

with job(snakemake) as run:
    figure = near_misses.draw(tidy.read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
