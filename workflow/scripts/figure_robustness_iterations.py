"""Draws robust accuracy against the iterations of attacks, of one data set and clips."""

from kinesec.plots import robustness_iterations
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.recognition import read

with job(snakemake) as run:
    figure = style.drawn(lambda: robustness_iterations.draw(read(run.input.table), **run.params.figure))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
