"""Writes the run's report."""

from pathlib import Path

from kinesec.provenance.facts import gather
from kinesec.provenance.job import job
from kinesec.report import latex_tables
from kinesec.report.page import build
from kinesec.report.verdicts import summary

with job(snakemake) as run:
    data = list(run.params.modules)
    tables = {Path(path).stem: Path(path) for path in run.input.tables}
    shown = [Path(path) for path in run.input.figures if path.endswith((".svg", ".webp"))]
    facts = gather(
        modules=dict(run.params.modules),
        receipts={name: Path(path) for name, path in zip(data, run.input.receipts, strict=True)},
        motions={name: Path(path) for name, path in zip(data, run.input.motions, strict=True)},
        windows=[Path(path) for path in run.input.windows],
        trainings=[Path(path) for path in run.input.trainings],
        artefacts=[Path(path) for path in (*run.input.tables, *run.input.figures)],
        seeds=list(run.params.seeds),
        configuration=dict(run.params.configuration),
    )
    stores = {title: [Path(path).parent for path in paths] for title, paths in run.params.scenes.items()}
    build(
        run.output.page,
        run=run.params.run,
        tables=tables,
        figures={path.stem: (path, run.params.captions[path.stem]) for path in shown},
        facts=facts,
        scenes=stores,
    )
    summary.write(run.output.verdicts, tables)
    latex_tables.write(dict(zip(run.params.printed, run.output.latex, strict=True)), tables)
