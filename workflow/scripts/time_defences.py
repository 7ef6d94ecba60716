"""Times a recognizer and each of its defended forms on the same clips."""

from pathlib import Path

from kinesec.jobs.time_defences import time_defences
from kinesec.models.device import use_threads
from kinesec.provenance.job import job

with job(snakemake) as run:
    use_threads(run.threads)
    time_defences(
        clips_path=Path(run.input.clips).parent,
        models=dict(zip(run.params.trainings, map(Path, run.input.models), strict=True)),
        identity={name: run.wildcards[name] for name in ("data", "clips", "recognizer")},
        table_path=Path(run.output.table),
    )
