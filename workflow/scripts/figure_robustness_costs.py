"""Draws what defences of recognizers cost, of one data set and clips."""

import pandas as pd

from kinesec.plots import robustness_costs
from kinesec.plots.parts import style
from kinesec.provenance.job import job
from kinesec.tables.recognition import read

with job(snakemake) as run:
    figure = robustness_costs.draw(pd.concat(map(read, run.input.tables)))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
