"""Trains one recognizer on clips, some of them poisoned where the rule says so."""

from pathlib import Path

from kinesec.jobs.train_recognizer import train_recognizer
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    poison = run.input.get("poison")
    train_recognizer(
        clips_path=Path(run.input.clips).parent,
        poison_path=Path(poison).parent if poison else None,
        recognizer=dict(run.params.recognizer),
        code=run.params.code,
        seed=int(run.wildcards.seed),
        model_path=Path(run.output.model),
        log_path=Path(run.output.log),
    )
