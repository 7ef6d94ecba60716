"""Evaluates one attack on one recognizer from its stored clips."""

from pathlib import Path

from kinesec.jobs.evaluate_attack import evaluate_attack
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    evaluate_attack(
        clips_path=Path(run.input.clips).parent,
        model_path=Path(run.input.model),
        shard_paths=[Path(path).parent for path in run.input.shards],
        identity={name: run.wildcards[name] for name in ("data", "clips", "recognizer", "attack", "seed")},
        records_path=Path(run.output.records),
        table_path=Path(run.output.table),
    )
