"""Draws the error per horizon of one data set and predictor."""

from kinesec import tidy
from kinesec.plots import horizons, style
from kinesec.run import job

with job(snakemake) as run:
    figure = horizons.draw(tidy.read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
