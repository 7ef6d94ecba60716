"""Draws a clip as filmstrips, clean and under some attacks."""

from kinesec.plots import attack_filmstrip, style
from kinesec.plots.attacked_poses import Jobs
from kinesec.run import job

with job(snakemake) as run:
    jobs = Jobs.of(run.input.clips, run.input.shards, run.input.records, run.input.tables)
    figure = style.drawn(lambda: attack_filmstrip.draw(jobs.typical()))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
