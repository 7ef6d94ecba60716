"""Attacks one share of the test clips that a recognizer classifies correctly."""

from pathlib import Path

from kinesec.jobs.attack_recognizer import attack_clips
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    attack_clips(
        clips_path=Path(run.input.clips).parent,
        model_path=Path(run.input.model),
        attack=dict(run.params.attack),
        shard=run.wildcards.shard,
        seed=int(run.wildcards.seed),
        store_path=Path(run.output.store).parent,
        choice_path=next(map(Path, run.input.get("choice", [])), None),
        code=run.params.code,
    )
