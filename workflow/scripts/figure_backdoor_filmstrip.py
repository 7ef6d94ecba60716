"""Draws a training sample as filmstrips: clean, with a backdoor's trigger, and what differs, amplified."""

from pathlib import Path

from kinesec.plots import backdoor_filmstrip
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.samples.backdoor_scenes import OF

with job(snakemake) as run:
    read, paths = OF[run.params.modality], (Path(run.input.samples).parent, Path(run.input.poison).parent)
    figure = style.drawn(lambda: backdoor_filmstrip.draw(read(*paths)))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
