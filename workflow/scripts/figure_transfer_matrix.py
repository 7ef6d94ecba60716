"""Draws the transfer of attacked clips between the recognizers of one data set and clips."""

from kinesec.plots import transfer_matrix
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.recognition import read

with job(snakemake) as run:
    figure = transfer_matrix.draw(read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
