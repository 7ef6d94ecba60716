"""Trains one video network on videos, some of which may be poisoned."""

from pathlib import Path

from kinesec.jobs.train_videonet import train_videonet
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    poison = run.input.get("poison")
    train_videonet(
        videos_path=Path(run.input.videos).parent,
        network=dict(run.params.network),
        code=run.params.code,
        seed=int(run.wildcards.seed),
        model_path=Path(run.output.model),
        log_path=Path(run.output.log),
        poison_path=Path(poison).parent if poison else None,
    )
