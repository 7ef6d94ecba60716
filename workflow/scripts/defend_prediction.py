"""Tries one defence on one victim, with the clean model and the clean training set beside it."""

from pathlib import Path

from kinesec.jobs.defend import defend_prediction
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    defend_prediction(
        windows_path=Path(run.input.windows).parent,
        poison_path=Path(run.input.poison).parent,
        model_paths={name: Path(run.input[name]) for name in ("clean", "victim")},
        strategy=run.params.strategy,
        defence=dict(run.params.defence),
        sampling=run.params.sampling,
        sampling_range=dict(run.params.sampling_range),
        identity={name: run.wildcards[name] for name in ("data", "protocol", "predictor", "defence", "seed")},
        records_path=Path(run.output.records),
        table_path=Path(run.output.table),
    )
