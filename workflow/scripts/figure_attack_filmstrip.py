"""Draws a clip as filmstrips, clean and under some attacks."""

from pathlib import Path

from kinesec.plots import filmstrip
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.samples import scenes

with job(snakemake) as run:
    figure = style.drawn(lambda: filmstrip.draw_attacks(scenes.of_attacks(Path(run.input.scenes).parent)))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
