"""Draws the success of bounded attacks against their bound, of one data set and clips."""

from kinesec.plots import attack_bounds
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.recognition import read

with job(snakemake) as run:
    figure = attack_bounds.draw(read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
