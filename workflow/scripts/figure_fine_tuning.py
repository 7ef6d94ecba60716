"""Draws the errors per epoch of fine-tuning of one data set and predictor."""

import pandas as pd

from kinesec.plots import fine_tuning
from kinesec.plots.parts import style
from kinesec.provenance.job import job

with job(snakemake) as run:
    figure = fine_tuning.draw(pd.read_csv(run.input.table), **run.params.figure)
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
