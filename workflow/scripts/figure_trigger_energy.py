"""Draws where in time triggers' energy lies, of the poisons of one data set's samples."""

import pandas as pd

from kinesec.plots import trigger_energy
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.backdoor import described

with job(snakemake) as run:
    table = described(pd.concat([pd.read_csv(path) for path in run.input.energy]), run.params.poisons)
    figure = style.drawn(lambda: trigger_energy.draw(table))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
