"""Draws the success of attacks against what they cost, of one data set, clips and strategy."""

from kinesec.plots import attack_curves, style
from kinesec.recognition_tables import read
from kinesec.run import job

with job(snakemake) as run:
    figure = attack_curves.draw(read(run.input.curves), read(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
