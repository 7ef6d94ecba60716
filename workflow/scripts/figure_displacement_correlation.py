"""Draws whether an attack moves the joints that move."""

from pathlib import Path

from kinesec.plots import displacement_correlation
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.samples import scenes

with job(snakemake) as run:
    figure = displacement_correlation.draw(*scenes.correlations(Path(run.input.scenes).parent))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
