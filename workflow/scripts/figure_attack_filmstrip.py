"""Draws a clip as filmstrips, clean and under some attacks."""

from kinesec.evaluation.attack_scenes import Jobs
from kinesec.plots import attack_filmstrip
from kinesec.plots.parts import style
from kinesec.provenance.job import job

with job(snakemake) as run:
    jobs = Jobs.of(run.input.clips, run.input.shards, run.input.records, run.input.tables)
    figure = style.drawn(lambda: attack_filmstrip.draw(jobs.typical()))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
