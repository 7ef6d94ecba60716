"""Draws detectors' numbers of backdoored models beside those of clean ones, of one network on a data set's samples."""

from kinesec.plots import detector_nulls
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.backdoor import read

with job(snakemake) as run:
    figure = style.drawn(lambda: detector_nulls.draw(read(run.input.table), **run.params.figure))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
