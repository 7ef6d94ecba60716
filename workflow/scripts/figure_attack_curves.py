"""Draws the success of attacks against what they cost, of one data set, clips and strategy."""

from kinesec.plots import attack_curves
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.recognition import read

with job(snakemake) as run:
    figure = attack_curves.draw(read(run.input.curves), read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
