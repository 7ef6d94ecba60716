"""Draws what near misses of the trigger do, of one data set and predictor."""

from kinesec.plots import near_misses
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables import strategies

with job(snakemake) as run:
    figure = near_misses.draw(strategies.read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
