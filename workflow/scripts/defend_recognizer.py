"""Defends one recognizer: trains it another way, or something around it."""

from pathlib import Path

from kinesec.jobs.defend_recognizer import defend_recognizer
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    defend_recognizer(
        clips_path=Path(run.input.clips).parent,
        clean_path=Path(run.input.model),
        recognizer=dict(run.params.recognizer),
        defence=dict(run.params.defence),
        code=run.params.code,
        seed=int(run.wildcards.seed),
        model_path=Path(run.output.model),
        log_path=Path(run.output.log),
    )
