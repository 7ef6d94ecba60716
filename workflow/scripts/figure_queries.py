"""Draws how near hard-label attacks come to the clean clips, by queries, of one data set and clips."""

from kinesec.plots import queries
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.recognition import read

with job(snakemake) as run:
    tables = read(run.input.queries), read(run.input.table)
    figure = style.drawn(lambda: queries.draw(*tables, **run.params.figure))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
