"""Draws whether an attack moves the joints that move."""

from kinesec.evaluation.attack_scenes import Jobs
from kinesec.plots import displacement_correlation
from kinesec.plots.parts import style
from kinesec.provenance.job import job

with job(snakemake) as run:
    jobs = Jobs.of(run.input.clips, run.input.shards, run.input.records, run.input.tables)
    figure = displacement_correlation.draw(*jobs.correlations())
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
