"""Draws what one recognizer takes each class for, over all seeds."""

import pandas as pd

from kinesec.plots import confusion
from kinesec.plots.parts import style
from kinesec.provenance.job import job

with job(snakemake) as run:
    figure = confusion.draw(pd.concat([pd.read_csv(path) for path in run.input.tables]))
    style.save(figure, pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
