"""Tells how often one recognizer is right, by class, and what it takes for what."""

from pathlib import Path

from kinesec.evaluation.recognition import evaluate_recognizer
from kinesec.provenance.job import job, use_threads

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
