"""Chooses an attack's settings for one recognizer on validation clips."""

from pathlib import Path

from kinesec.jobs.tune_attack import tune_attack
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    tune_attack(
        clips_path=Path(run.input.clips).parent,
        model_path=Path(run.input.model),
        attack=dict(run.params.attack),
        tune=dict(run.params.tune),
        goal_path=next(map(Path, run.input.goal), None),
        identity={name: run.wildcards[name] for name in ("data", "clips", "recognizer", "attack")},
        seed=run.params.seed,
        choice_path=Path(run.output.choice),
        table_path=Path(run.output.table),
    )
