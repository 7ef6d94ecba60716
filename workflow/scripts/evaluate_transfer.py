"""Tries the clips that attack one recognizer, the surrogate, on others."""

from pathlib import Path

from kinesec.jobs.evaluate_transfer import evaluate_transfer
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    surrogate = run.input.get("surrogate")
    evaluate_transfer(
        clips_path=Path(run.input.clips).parent,
        target_paths=dict(zip(run.params.targets, map(Path, run.input.models), strict=True)),
        shard_paths=[Path(path).parent for path in run.input.shards],
        identity={name: run.wildcards[name] for name in ("data", "clips", "surrogate", "attack", "seed")},
        table_path=Path(run.output.table),
        surrogate_path=Path(surrogate) if surrogate else None,
    )
