"""Draws victims and clean models under imperfect triggers, of one data set and predictor."""

from kinesec.plots import trigger_strength
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.trigger_strength import read

with job(snakemake) as run:
    figure = trigger_strength.draw(read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
