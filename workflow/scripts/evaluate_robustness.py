"""Evaluates every attack on one recognizer, defended or not, from its stored clips."""

from pathlib import Path

from kinesec.jobs.evaluate_robustness import evaluate_robustness
from kinesec.models.device import use_threads
from kinesec.provenance.job import job


def store(path):
    return Path(path).parent


with job(snakemake) as run:
    use_threads(run.threads)
    evaluate_robustness(
        clips_path=store(run.input.clips),
        model_path=Path(run.input.model),
        attacks={name: list(map(store, paths)) for name, paths in run.params.attacks.items()},
        transfers=[
            {**spec, "path": Path(spec["path"]), "shards": list(map(store, spec["shards"]))}
            for spec in run.params.transfers
        ],
        identity=dict(run.wildcards.items()),
        records_path=Path(run.output.records),
        table_path=Path(run.output.table),
    )
