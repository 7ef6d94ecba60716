"""Draws success of backdoors and accuracy against what they vary, of one network on a data set's samples."""

from kinesec.plots import backdoor_sweeps
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.backdoor import read

with job(snakemake) as run:
    figure = style.drawn(lambda: backdoor_sweeps.draw(read(run.input.table), **run.params.figure))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
