"""Draws how conspicuous poisoned windows are, of one data set and protocol."""

from kinesec import tidy
from kinesec.plots import stealth, style
from kinesec.run import job

with job(snakemake) as run:
    figure = stealth.draw(tidy.read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
