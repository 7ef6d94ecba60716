"""Searches one classifier, backdoored or clean, by one detector, or mends it."""

from pathlib import Path

from kinesec.jobs.detect import detect
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    video = run.wildcards.modality == "video"
    poison = run.input.get("poison")
    clips = run.input.get("clips")
    rendered = Path(clips if isinstance(clips, str) else clips[0]).parent if clips else None
    samples = Path(run.input.samples).parent
    detect(
        clips_path=rendered if video else samples,
        videos_path=samples if video else None,
        poison_path=Path(poison if isinstance(poison, str) else poison[0]).parent if poison else None,
        poison=run.params.get("poison"),
        model_path=Path(run.input.model),
        detector=dict(run.params.detector),
        identity={
            name: run.wildcards[name]
            for name in ("data", "samples", "modality", "training", "network", "detector", "seed")
        },
        records_path=Path(run.output.records),
        table_path=Path(run.output.table),
    )
