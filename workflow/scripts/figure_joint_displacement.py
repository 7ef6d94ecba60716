"""Draws how far attacks on one recognizer move each joint."""

from kinesec.evaluation.attack_scenes import Jobs
from kinesec.plots import joint_displacement
from kinesec.plots.parts import style
from kinesec.provenance.job import job

with job(snakemake) as run:
    jobs = Jobs.of(run.input.clips, run.input.shards, run.input.records, run.input.tables)
    figure = style.drawn(lambda: joint_displacement.draw(*jobs.displacements()))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
