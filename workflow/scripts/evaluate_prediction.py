"""Evaluates the clean model, the victim and zero velocity on clean, triggered and wrong-limb test windows."""

from pathlib import Path

from kinesec.evaluate_job import evaluate_prediction
from kinesec.run import job, use_threads

with job(snakemake) as run:
    use_threads(run.threads)
    evaluate_prediction(
        windows_path=Path(run.input.windows).parent,
        model_paths={name: Path(run.input[name]) for name in ("clean", "victim") if name in run.input.keys()},
        strategy=run.params.strategy,
        samplings=list(run.params.samplings),
        sampling_range=dict(run.params.sampling_range),
        threshold_mm=run.params.threshold_mm,
        identity={name: run.wildcards[name] for name in ("data", "protocol", "predictor", "seed")},
        records_path=Path(run.output.records),
        table_path=Path(run.output.table),
    )
