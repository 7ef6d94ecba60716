"""Draws clean against robust accuracy of defended recognizers, of one data set and clips."""

from kinesec.plots import robustness_tradeoff
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.recognition import read

with job(snakemake) as run:
    figure = style.drawn(lambda: robustness_tradeoff.draw(read(run.input.table), **run.params.figure))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
