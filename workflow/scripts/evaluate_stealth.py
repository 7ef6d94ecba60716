"""Measures how conspicuous the poisoned training windows are."""

from pathlib import Path

from kinesec.jobs.evaluate_stealth import evaluate_stealth
from kinesec.provenance.job import job

with job(snakemake) as run:
    evaluate_stealth(
        windows_path=Path(run.input.windows).parent,
        poison_path=Path(run.input.poison).parent,
        strategy=run.params.strategy,
        identity={name: run.wildcards[name] for name in ("data", "protocol", "seed")},
        table_path=Path(run.output.table),
        test_path=Path(run.output.told_apart),
        selected_path=Path(run.output.selected),
    )
