"""Poisons a share of the training clips or videos."""

from pathlib import Path

from kinesec.jobs.poison_samples import poison_samples
from kinesec.provenance.job import job

with job(snakemake) as run:
    poison_samples(
        modality=run.wildcards.modality,
        samples_path=Path(run.input.samples).parent,
        clips_path=Path(run.input.clips[0]).parent if run.input.clips else None,
        poison=dict(run.params.poison),
        name=run.wildcards.training,
        seed=int(run.wildcards.seed),
        store_path=Path(run.output.store).parent,
        table_path=Path(run.output.imperceptibility),
        energy_path=Path(run.output.energy),
    )
