"""Evaluates the clean model, the victim and zero velocity on clean, triggered and nearly triggered test windows."""

from pathlib import Path

from kinesec.jobs.evaluate_prediction import evaluate_prediction
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    evaluate_prediction(
        windows_path=Path(run.input.windows).parent,
        model_paths={name: Path(path) for name, path in run.input.items() if name in ("clean", "victim")},
        strategy=run.params.strategy,
        samplings=list(run.params.samplings),
        sampling_range=dict(run.params.sampling_range),
        threshold_mm=run.params.threshold_mm,
        near_miss_degrees=list(run.params.near_miss_degrees),
        identity={name: run.wildcards[name] for name in ("data", "protocol", "predictor", "seed")},
        records_path=Path(run.output.records),
        table_path=Path(run.output.table),
        samples_path=Path(run.output.samples).parent,
    )
