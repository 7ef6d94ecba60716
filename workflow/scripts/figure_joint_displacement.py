"""Draws how far attacks on one recognizer move each joint."""

from kinesec.plots import joint_displacement, style
from kinesec.plots.attacked_poses import Jobs
from kinesec.run import job

with job(snakemake) as run:
    jobs = Jobs.of(run.input.clips, run.input.shards, run.input.records, run.input.tables)
    figure = style.drawn(lambda: joint_displacement.draw(*jobs.displacements()))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
