"""Draws a clean and a triggered window as filmstrips, with what two models predict."""

from pathlib import Path

from kinesec.plots import filmstrip, skeletons, style
from kinesec.run import job

with job(snakemake) as run:
    figure = filmstrip.draw(skeletons.read(Path(run.input.samples).parent))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
