"""Writes the run's RO-Crate."""

from pathlib import Path

from kinesec.provenance.crate import write
from kinesec.provenance.job import job

with job(snakemake) as run:
    write(
        Path(run.output.crate),
        run=run.params.run,
        artefacts=[*run.input],
        configuration=dict(run.params.configuration),
        configuration_copy=run.output.configuration,
        copies=dict(zip(run.params.workflow, run.output.workflow, strict=True)),
        modules=dict(run.params.modules),
    )
