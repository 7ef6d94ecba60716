"""``snakemake --sdm conda`` on the smallest graph: every job in the environment of its rule, from a local channel."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from environments import IMPORTED_AS, canonical, needs, rules, specs, strays
from every_system import EVERY_SYSTEM
from local_conda import Conda
from project import Project


@dataclass(frozen=True)
class Run:
    """A finished run, and what each of its jobs said on leaving."""

    project: Project
    jobs: list[dict[str, Any]]
    rules: list[str]
    prefix: Path
    environment: dict[str, str]

    def rerun(self) -> set[str]:
        """The rules of which a job would run now, with the same environments asked for."""
        how = ("--sdm", "conda", "--conda-prefix", str(self.prefix))
        return self.project.rerun(*how, environment=self.environment)

    def environment_of(self, job: dict[str, Any]) -> str:
        """The environment file, as text, that Snakemake made a job's environment from."""
        return Path(f"{job['prefix']}.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def run(conda: Conda, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("conda")
    project = Project.of(repository, folder / "project")
    project.configure(EVERY_SYSTEM)
    witnesses = folder / "witnesses"
    witnesses.mkdir()
    prefix = conda.folder / "environments"
    environment = project.environment(**conda.variables(), KINESEC_WITNESS=str(witnesses))
    command = project.command("--sdm", "conda", "--conda-prefix", str(prefix))
    process = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True, timeout=1800)
    assert process.returncode == 0, process.stdout + process.stderr
    jobs = [json.loads(path.read_text()) for path in sorted(witnesses.glob("*.json"))]
    ran = re.findall(r"^(?:local)?rule (\w+):$", process.stdout + process.stderr, re.MULTILINE)
    return Run(project, jobs, ran, prefix, environment)


def test_every_job_ran_in_the_environment_of_its_rule(run: Run, repository: Path) -> None:
    known = rules(repository)
    expected = sorted(known[name].script.name for name in run.rules)
    assert sorted(job["script"] for job in run.jobs) == expected
    of_script = {rule.script.name: rule.environment for rule in known.values()}
    for job in run.jobs:
        assert run.environment_of(job) == of_script[job["script"]].read_text("utf-8"), job["script"]
    assert {of_script[job["script"]].stem for job in run.jobs} == {"retrieve", "data", "torch", "report"}


def test_every_module_is_the_environments_and_kinesec_the_works(run: Run) -> None:
    for job in run.jobs:
        foreign = strays(job["modules"], Path(job["prefix"]), run.project.folder / "src")
        assert not foreign, f"{job['script']}: {foreign}"


def test_what_the_code_imports_on_loading_it_found_in_its_environment(run: Run, repository: Path) -> None:
    of_script = {rule.script.name: rule.script for rule in rules(repository).values()}
    for job in run.jobs:
        files = dict(job["modules"])
        prefix = Path(job["prefix"])
        inside = {name for name, file in files.items() if "." not in name and Path(file).is_relative_to(prefix)}
        packages = {canonical(IMPORTED_AS.get(name, name)) for name in inside}
        needed = needs(of_script[job["script"]], repository / "src").loaded
        assert needed <= packages, job["script"]


def test_the_environments_hold_the_versions_that_are_written(run: Run, repository: Path) -> None:
    for file in (repository / "envs").glob("*.yaml"):
        (prefix,) = {job["prefix"] for job in run.jobs if run.environment_of(job) == file.read_text("utf-8")}
        records = [json.loads(path.read_text()) for path in Path(prefix, "conda-meta").glob("*.json")]
        installed = {record["name"]: record["version"] for record in records}
        for name, version in specs(file).items():
            assert f"{installed[name]}.".startswith(f"{version}."), f"{file.stem}: {name} {installed[name]}"


def test_jobs_that_need_no_torch_have_none(run: Run, repository: Path) -> None:
    with_torch = {job["script"] for job in run.jobs if "torch" in dict(job["modules"])}
    of_torch = {rule.script.name for rule in rules(repository).values() if rule.environment.stem == "torch"}
    assert with_torch == {job["script"] for job in run.jobs} & of_torch
    assert {"train_predictor.py", "defend_prediction.py", "attack_recognizer.py"} <= with_torch


def test_an_edited_environment_reruns_its_rules_and_what_follows(run: Run, repository: Path) -> None:
    """Last, for it edits the project: a comment is an edit, too, as Snakemake hashes the file."""
    assert run.rerun() == set()
    run.project.append("envs/torch.yaml", "\n# a remark\n")
    again = run.rerun()
    of_torch = {name for name, rule in rules(repository).items() if rule.environment.stem == "torch"}
    assert set(run.rules) & of_torch <= again
    assert not {"retrieve", "ingest", "cut_windows", "cut_clips", "poison_badhmp", "evaluate_stealth"} & again
