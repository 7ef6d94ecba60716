"""Evaluates the clean model and the victim on triggers that are performed and captured imperfectly."""

from pathlib import Path

from kinesec.jobs.evaluate_trigger_strength import evaluate_trigger_strength
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    evaluate_trigger_strength(
        windows_path=Path(run.input.windows).parent,
        model_paths={name: Path(run.input[name]) for name in ("clean", "victim")},
        strategy=run.params.strategy,
        disturbances=run.params.disturbances,
        sampling=run.params.sampling,
        sampling_range=dict(run.params.sampling_range),
        threshold_mm=run.params.threshold_mm,
        identity={name: run.wildcards[name] for name in ("data", "protocol", "predictor", "seed")},
        records_path=Path(run.output.records),
        table_path=Path(run.output.table),
    )
