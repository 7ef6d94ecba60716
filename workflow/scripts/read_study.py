"""Makes the tables of a perceptual study from the answers that people saved."""

from pathlib import Path

from kinesec.jobs.read_study import read_study
from kinesec.provenance.job import job

with job(snakemake) as run:
    read_study(
        trials_path=Path(run.input.trials),
        answers_paths=[Path(path) for path in run.input.answers],
        rates_path=Path(run.output.rates),
        subjects_path=Path(run.output.subjects),
        pairs_path=Path(run.output.pairs),
    )
