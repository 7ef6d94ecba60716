"""Draws how conspicuous poisoned windows are, of one data set and protocol."""

from kinesec.plots import stealth
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables import strategies

with job(snakemake) as run:
    figure = stealth.draw(strategies.read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
