"""Draws a figure that the configuration adds, from some of the run's tables."""

from pathlib import Path

from kinesec.jobs.figure_of_tables import figure_of_tables
from kinesec.plots.parts import style
from kinesec.provenance.job import job

with job(snakemake) as run:
    figure = figure_of_tables(run.params.module, [Path(path) for path in run.input.tables], run.params.settings)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
