"""Draws the errors against the poison ratio, of one data set and predictor."""

from kinesec.plots import ratio
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables import strategies

with job(snakemake) as run:
    figure = ratio.draw(strategies.read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
