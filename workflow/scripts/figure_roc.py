"""Draws the ROC curves of all detectors of one data set and predictor."""

import pandas as pd

from kinesec.plots import roc
from kinesec.plots.parts import style
from kinesec.provenance.job import job

with job(snakemake) as run:
    parts = []
    for label, path in zip(run.params.labels, run.input.records, strict=True):
        strategy, defence, seed = label.split("/")
        parts.append(pd.read_parquet(path).assign(strategy=strategy, defence=defence, seed=int(seed)))
    style.save(roc.draw(pd.concat(parts)), pdf=run.output.pdf, svg=run.output.svg, png=run.output.png)
