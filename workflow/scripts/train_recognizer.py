"""Trains one recognizer on clips."""

from pathlib import Path

from kinesec.run import job, use_threads
from kinesec.train_recognizer_job import train_recognizer

with job(snakemake) as run:
    use_threads(run.threads)
    train_recognizer(
        clips_path=Path(run.input.clips).parent,
        recognizer=dict(run.params.recognizer),
        code=run.params.code,
        seed=int(run.wildcards.seed),
        model_path=Path(run.output.model),
        log_path=Path(run.output.log),
    )
