"""Reads a data set's raw files into one store of motions."""

from pathlib import Path

from kinesec.provenance.job import job
from kinesec.sources.ingest import ingest_receipt

with job(snakemake) as run:
    ingest_receipt(
        run.params.data,
        receipt=Path(run.input.receipt),
        out=Path(run.output.store).parent,
        name=run.wildcards.data,
        on_bad_file=run.params.on_bad_file,
    )
