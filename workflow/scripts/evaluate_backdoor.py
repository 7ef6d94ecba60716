"""Tells what one backdoored classifier says of clean and of triggered samples, the clean one beside it."""

from pathlib import Path

from kinesec.jobs.evaluate_backdoor import evaluate_backdoor
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    evaluate_backdoor(
        modality=run.wildcards.modality,
        samples_path=Path(run.input.samples).parent,
        clips_path=Path(run.input.clips[0]).parent if run.input.clips else None,
        victim_path=Path(run.input.victim),
        clean_path=Path(run.input.clean),
        poison=dict(run.params.poison),
        controls=dict(run.params.controls),
        identity={name: run.wildcards[name] for name in ("data", "samples", "training", "network", "tested", "seed")},
        records_path=Path(run.output.records),
    )
