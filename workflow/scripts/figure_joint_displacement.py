"""Draws how far attacks on one recognizer move each joint."""

from pathlib import Path

from kinesec.plots import joint_displacement
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.samples import scenes

with job(snakemake) as run:
    figure = style.drawn(lambda: joint_displacement.draw(*scenes.displacements(Path(run.input.scenes).parent)))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
