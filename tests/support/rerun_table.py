"""Which rules each edit runs again on the demo's graph: one table, which a test holds to Snakemake's own plan.

``python tests/support/rerun_table.py`` (`make reruns-table`) plans every edit and writes docs/reruns.md.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from project import Project
from recognized import RECOGNITION
from recordings import BVH, FORMATS

Act = Callable[[Project], None]

HEAD = """# What an edit runs again

Written by `make reruns-table`; `tests/workflow/test_rerun_table.py` holds it to what Snakemake plans. The graph is that
of `config/config.yaml` with a folder of one's own recordings and two small recognizers on both data sets; each edit is
made to a copy of its own, and `snakemake --dry-run` says what would run. Every rule has the hash of the code that its
jobs run among its parameters (`src/kinesec/plan/code_hash.py`), so an edit reruns the jobs that import it and what
follows. Modules that cannot change an output are left out: errors' classes, progress, a job's log and certificate.

Rules that are not named do not run. Of a rule that is, only the jobs run that the edit reaches: after an edit of
`hrnn.py` those of the recognizer `hrnn`. A folder's files are watched by time stamp and number; those of a manifest, by
their hashes in it. With `--sdm conda` an edit of an environment file, be it a comment, reruns the rules of that
environment and what follows (`make test-conda`).

| edit | what runs again |
|---|---|
"""


@dataclass(frozen=True)
class Edit:
    """An edit in words, how to make it, and the rules of which a job then runs."""

    words: str
    act: Act
    rules: frozenset[str]


def code(path: str) -> Act:
    return lambda project: project.append(path, "\n_EDITED = 1\n")


def text(path: str, old: str, new: str) -> Act:
    return lambda project: project.edit(path, old, new)


def setting(key: str, value: Any) -> Act:
    return lambda project: project.configure({key: value})


class Demo(Project):
    """The demo's graph with recognizers and one's own recordings, every output of it an empty file marked as made.

    What is planned follows from names, time stamps and recorded parameters alone, so nothing need run for it.
    """

    def unchanged(self) -> dict[str, Any]:
        config: dict[str, Any] = yaml.safe_load((self.folder / "config/config.yaml").read_text("utf-8"))
        own_data = {**FORMATS["bvh"].data("own"), "nominal_unit_mm": 70}
        recognition = {**deepcopy(RECOGNITION), "datasets": ["procedural", "own"]}
        recognition["attacks"]["basar"] = {"attack": "basar"}
        config.pop("video")  # of the demo's own clips
        config.pop("study")  # of the demo's own attacks
        return {
            **config,
            "run": "smallest",
            "datasets": {"procedural": {}, "own": own_data},
            "recognition": recognition,
        }

    def copy(self, folder: Path) -> Demo:
        return Demo(super().copy(folder).folder)

    def pretend(self) -> None:
        """Marks everything as made, by `snakemake --touch`."""
        FORMATS["bvh"].write(self.folder / "own", {"good/walk.bvh": BVH, "other/walk.bvh": BVH})
        process = self.run("--dry-run", target="all")
        assert process.returncode == 0, process.stdout + process.stderr
        outputs = re.findall(r"^    output: (.*)$", process.stdout + process.stderr, re.MULTILINE)
        assert outputs
        for path in ", ".join(outputs).split(", "):
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).touch()
        self.build("--touch", "--forceall", target="all")


def demo(repository: Path, folder: Path) -> Demo:
    made = Demo.of(repository, folder)
    assert isinstance(made, Demo)
    made.pretend()
    return made


NOTHING: frozenset[str] = frozenset()
PAGE = frozenset({"report", "crate"})
PICTURED = PAGE | {"figure_filmstrip", "figure_animation"}
PLOTTED = PAGE | {"figure_horizons", "figure_near_misses", "figure_stealth"}
TABLED = PLOTTED | {"table_prediction", "compare_with_papers"}
TABLED_DEFENCES = PAGE | {"table_defences", "figure_fine_tuning"}
DEFENDED = TABLED_DEFENCES | {"defend_prediction", "figure_roc"}
STRENGTH = PAGE | {"evaluate_trigger_strength", "table_trigger_strength", "figure_trigger_strength"}
EVALUATED = PICTURED | TABLED | STRENGTH | {"evaluate_prediction"}
TRAINED = EVALUATED | DEFENDED | {"train_predictor", "train_victim"}
POISONED = EVALUATED | DEFENDED | {"train_victim", "poison_badhmp", "croissant", "evaluate_stealth"}
PREDICTED = POISONED | TRAINED | {"cut_windows"}
# of the first seed alone, and of attacks AB
SHOWN = PAGE | {
    "picture_attacks",
    *("figure_joint_displacement", "figure_displacement_correlation"),
    *("figure_attack_filmstrip", "figure_attack_animation"),
}
TABLED_RECOGNITION = PAGE | {
    *("table_recognition", "compare_with_papers", "figure_attack_curves", "figure_transfer_matrix"),
    *("table_blackbox", "figure_queries"),
}
ATTACK_EVALUATED = SHOWN | TABLED_RECOGNITION | {"evaluate_attack"}
ATTACKED = ATTACK_EVALUATED | {"attack_recognizer", "evaluate_transfer"}
RECOGNIZED = ATTACKED | {"train_recognizer", "evaluate_recognizer", "figure_confusion"}
CLIPPED = RECOGNIZED | {"cut_clips"}
INGESTED = PREDICTED | CLIPPED | {"ingest"}
RETRIEVED = INGESTED | {"retrieve"}
GATHERED = frozenset(rule for rule in INGESTED if rule.startswith(("table_", "figure_", "compare_", "picture_"))) | PAGE

SRC = "src/kinesec"
SCHEMA = "workflow/schemas/config.schema.yaml"


def reworded(project: Project) -> None:
    project.append(f"{SRC}/files/store.py", "\n# a remark\n")
    project.edit(f"{SRC}/training/loop.py", '"""', '"""Other words for this. ')
    project.append("workflow/rules/training.smk", "\n# a remark\n")


def store_kind_added(project: Project) -> None:
    kind = (project.folder / f"{SRC}/files/kinds/poison.py").read_text("utf-8")
    (project.folder / f"{SRC}/files/kinds/meshes.py").write_text(kind.replace("POISON", "MESHES"), "utf-8")


def own_edited(project: Project) -> None:
    (project.folder / "own/other/walk.bvh").write_bytes(BVH.replace(b"77", b"78"))


def own_added(project: Project) -> None:
    (project.folder / "own/other/run.bvh").write_bytes(BVH)


EDITS = (
    Edit("a comment, a docstring, white space", reworded, NOTHING),
    Edit(
        "module of one recognizer, `models/recognizers/hrnn.py`", code(f"{SRC}/models/recognizers/hrnn.py"), RECOGNIZED
    ),
    Edit(
        "module of a recognizer that is not in the run, `models/recognizers/sgn.py`",
        code(f"{SRC}/models/recognizers/sgn.py"),
        NOTHING,
    ),
    Edit(
        "module of one attack, `attacks/pgd.py`",
        code(f"{SRC}/attacks/pgd.py"),
        ATTACKED - SHOWN - {"evaluate_transfer", "table_blackbox", "figure_queries"} | PAGE,
    ),
    Edit(
        "module of one attack on labels, `attacks/basar.py`",
        code(f"{SRC}/attacks/basar.py"),
        ATTACKED - {"evaluate_transfer", "figure_joint_displacement", "figure_displacement_correlation"},
    ),
    Edit(
        "clip protocol, `samples/clips/protocols/native.py`", code(f"{SRC}/samples/clips/protocols/native.py"), CLIPPED
    ),
    Edit("module of one predictor, `models/predictors/ltd.py`", code(f"{SRC}/models/predictors/ltd.py"), TRAINED),
    Edit(
        "module of one trigger, `poisoning/prediction/triggers/rigid.py`",
        code(f"{SRC}/poisoning/prediction/triggers/rigid.py"),
        POISONED,
    ),
    Edit(
        "module of one disturbance, `poisoning/prediction/disturbances/rotation.py`",
        code(f"{SRC}/poisoning/prediction/disturbances/rotation.py"),
        STRENGTH,
    ),
    Edit(
        "module of one defence, `defences/backdoor/fine_tuning.py`",
        code(f"{SRC}/defences/backdoor/fine_tuning.py"),
        DEFENDED - {"figure_roc"},
    ),
    Edit("shared module, `files/store.py`", code(f"{SRC}/files/store.py"), INGESTED),
    Edit("shared module, `samples/windows/cut.py`", code(f"{SRC}/samples/windows/cut.py"), PREDICTED),
    Edit(
        "a kind of store, `files/kinds/adversarial.py`",
        code(f"{SRC}/files/kinds/adversarial.py"),
        ATTACKED,
    ),
    Edit("a new kind of store, `files/kinds/meshes.py`", store_kind_added, NOTHING),
    Edit("an error class, `errors.py`", code(f"{SRC}/errors.py"), NOTHING),
    Edit("an error whose words stores hold, `sources/errors.py`", code(f"{SRC}/sources/errors.py"), RETRIEVED),
    Edit("progress, `progress.py`", code(f"{SRC}/progress.py"), NOTHING),
    Edit("a job's log and certificate, `provenance/job.py`", code(f"{SRC}/provenance/job.py"), NOTHING),
    Edit(
        "certificates, `provenance/certificates.py`",
        code(f"{SRC}/provenance/certificates.py"),
        frozenset({"crate", "croissant"}),
    ),
    Edit("columns of one table, `tables/attack_costs.py`", code(f"{SRC}/tables/attack_costs.py"), TABLED_RECOGNITION),
    Edit("plot of one figure, `plots/horizons.py`", code(f"{SRC}/plots/horizons.py"), PAGE | {"figure_horizons"}),
    Edit("page of the report, `report/page.py`", code(f"{SRC}/report/page.py"), PAGE),
    Edit(
        "published numbers, `config/papers/reference.csv`",
        lambda p: p.append("config/papers/reference.csv", "\n"),
        PAGE | {"compare_with_papers"},
    ),
    Edit("schema: a description", text(SCHEMA, "description: A run of kinesec", "description: A run"), NOTHING),
    Edit("schema: a default, `asr_threshold_mm` 25 to 30", text(SCHEMA, "default: 25\n", "default: 30\n"), EVALUATED),
    Edit(
        "seeds: one more",
        setting("seeds", [0, 1, 2]),
        (INGESTED - {"ingest", "cut_windows", "cut_clips"}) - SHOWN - PICTURED | PAGE,
    ),
    Edit("ratio: one more", setting("prediction.strategies.ratio", [0.1, 0.2]), POISONED | {"figure_ratio"}),
    Edit("epochs of a predictor", setting("prediction.predictors.ltd_small.recipe.epochs", 5), TRAINED),
    Edit("attacked clips, `limit`", setting("recognition.limit", 5), ATTACKED),
    Edit("name of the run", setting("run", "other"), GATHERED),
    Edit("threads of a training job", setting("threads", 2), PAGE),
    Edit(
        "environment file, `envs/torch.yaml`, without `--sdm conda`",
        lambda p: p.append("envs/torch.yaml", "\n  - six\n"),
        NOTHING,
    ),
    Edit("raw file of one's own folder edited", own_edited, CLIPPED | {"retrieve", "ingest"}),
    Edit("raw file of one's own folder added", own_added, CLIPPED | {"retrieve", "ingest"}),
    Edit("generated motion, `noise`", setting("datasets.procedural.settings.noise", 0.5), RETRIEVED),
    Edit("mirror address", setting("mirror", "https://example.org/files"), NOTHING),
)
# Not an edit of a file: the same plan, told that it has a GPU and other memory and threads.
ON_A_GPU = (
    *("--resources", "gpu=1"),
    *("--set-resources", "train_predictor:gpu=0", "attack_recognizer:mem_mb=9000"),
    *("--set-threads", "train_predictor=8"),
)
GPU_WORDS = "a GPU instead of the CPU, other memory, other threads"


def planned_on_a_gpu(project: Project) -> set[str]:
    environment = project.environment(CUDA_VISIBLE_DEVICES="0")
    process = project.run("--dry-run", *ON_A_GPU, target="all", environment=environment)
    assert process.returncode == 0, process.stdout + process.stderr
    names = re.findall(r"^rule (\w+):$", process.stdout + process.stderr, re.MULTILINE)
    return set(names) - {"all"}


def render(rows: list[tuple[str, frozenset[str]]]) -> str:
    """The page of docs: a row an edit."""

    def cell(rules: frozenset[str]) -> str:
        return ", ".join(f"`{rule}`" for rule in sorted(rules)) or "nothing"

    return HEAD + "".join(f"| {words} | {cell(rules)} |\n" for words, rules in rows)


def page() -> str:
    return render([*((edit.words, edit.rules) for edit in EDITS), (GPU_WORDS, NOTHING)])


def main() -> None:
    """Plans every edit, and writes the page of what was found."""
    repository = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=repository / "docs/reruns.md")
    with tempfile.TemporaryDirectory() as folder:
        made = demo(repository, Path(folder) / "demo")
        rows = []
        for number, edit in enumerate(EDITS):
            project = made.copy(Path(folder) / str(number))
            edit.act(project)
            rerun = frozenset(project.rerun(target="all"))
            print(
                f"{edit.words}: {len(rerun)} rules",
                *(f"+{r}" for r in sorted(rerun - edit.rules)),
                *(f"-{r}" for r in sorted(edit.rules - rerun)),
                flush=True,
            )
            rows.append((edit.words, rerun))
        rows.append((GPU_WORDS, frozenset(planned_on_a_gpu(made))))
        parser.parse_args().out.write_text(render(rows), "utf-8")


if __name__ == "__main__":
    main()
