"""Certifies in which radius a smoothed recognizer's answers stay, and searches it for a counterexample."""

from pathlib import Path

from kinesec.jobs.certify_recognizer import certify_recognizer
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    certify_recognizer(
        clips_path=Path(run.input.clips).parent,
        model_path=Path(run.input.model),
        settings=dict(run.params.certificates),
        identity={name: run.wildcards[name] for name in ("data", "clips", "training", "recognizer", "seed")},
        table_path=Path(run.output.table),
    )
