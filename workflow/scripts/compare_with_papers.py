"""Sets the run's numbers beside the published ones."""

from pathlib import Path

import pandas as pd

from kinesec.provenance.facts import models
from kinesec.provenance.job import job
from kinesec.tables import backdoor, recognition, strategies
from kinesec.tables.papers.compare import compare

with job(snakemake) as run:
    receipts = {name: Path(path) for name, path in zip(run.params.data, run.input.receipts, strict=True)}
    motions = {name: Path(path) for name, path in zip(run.params.data, run.input.motions, strict=True)}
    readers = {"prediction_backdoor": strategies.read, **dict.fromkeys(backdoor.TABLES, backdoor.read)}
    tables = {Path(path).stem: readers.get(Path(path).stem, recognition.read)(path) for path in run.input.tables}
    table = compare(
        tables,
        pd.read_csv(run.input.reference, dtype=str),
        models([Path(path) for path in run.input.trainings], receipts, motions),
        modules=dict(run.params.modules),
        protocols=list(run.params.protocols),
    )
    table.to_csv(run.output.table, index=False, float_format="%.10g")
