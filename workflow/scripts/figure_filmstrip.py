"""Draws a clean and a triggered window as filmstrips, with what two models predict."""

from pathlib import Path

from kinesec.plots import filmstrip
from kinesec.plots.parts import stick_figures, style
from kinesec.provenance.job import job

with job(snakemake) as run:
    figure = filmstrip.draw(stick_figures.read(Path(run.input.samples).parent))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
