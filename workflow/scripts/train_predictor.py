"""Trains one predictor on clean windows, or on windows joined with poisoned ones."""

from pathlib import Path

from kinesec.jobs.train_predictor import train_predictor
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    poison = run.input.get("poison")
    train_predictor(
        windows_path=Path(run.input.windows).parent,
        poison_path=Path(poison).parent if poison else None,
        predictor=dict(run.params.predictor),
        code=run.params.code,
        seed=int(run.wildcards.seed),
        model_path=Path(run.output.model),
        log_path=Path(run.output.log),
    )
