"""Poisons a share of the training windows."""

from pathlib import Path

from kinesec.poisoning.prediction.badhmp import Poison, write
from kinesec.poisoning.prediction.hardened import poisoner
from kinesec.provenance.job import job

with job(snakemake) as run:
    write(
        Path(run.input.windows).parent,
        Path(run.output.store).parent,
        Poison(**run.params.strategy),
        name=run.wildcards.strategy,
        seed=int(run.wildcards.seed),
        poisoner=poisoner,
    )
