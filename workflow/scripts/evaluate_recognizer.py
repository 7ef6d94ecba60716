"""Tells how often one recognizer is right, by class, and what it takes for what."""

from pathlib import Path

from kinesec.jobs.evaluate_recognizer import evaluate_recognizer
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    evaluate_recognizer(
        clips_path=Path(run.input.clips).parent,
        model_path=Path(run.input.model),
        identity={name: run.wildcards[name] for name in ("data", "clips", "training", "recognizer", "seed")},
        records_path=Path(run.output.records),
        table_path=Path(run.output.table),
        confusion_path=Path(run.output.confusion),
    )
