"""Draws a clean and a triggered window as filmstrips, with what two models predict."""

from pathlib import Path

from kinesec.plots import filmstrip
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.samples import scenes

with job(snakemake) as run:
    figure = filmstrip.draw(scenes.of_windows(Path(run.input.samples).parent))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
