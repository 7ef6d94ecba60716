"""Draws what people saw in a perceptual study."""

from kinesec.plots import study
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.files import read_csv

with job(snakemake) as run:
    rates, subjects = read_csv(run.input.rates, study.TEXT), read_csv(run.input.subjects, ["subject"])
    figure = style.drawn(lambda: study.draw(rates, subjects))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
