"""Draws the errors against the poison ratio, of one data set and predictor."""

from kinesec import tidy
from kinesec.plots import ratio, style
from kinesec.run import job

with job(snakemake) as run:
    figure = ratio.draw(tidy.read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
