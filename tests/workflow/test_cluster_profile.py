"""The cluster's profile names the rules that there are, and says in one line where it cannot be used."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from project import Project

RULE = re.compile(r"^(?:use rule \w+ as|rule) (\w+)(?: with)?:\n(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
# too long to wait for each other in one job, or run where the files come from
ALONE = {
    "retrieve",
    "train_predictor",
    "train_victim",
    "evaluate_prediction",
    "evaluate_clean_prediction",
    "evaluate_trigger_strength",
    "defend_prediction",
    "train_recognizer",
    "fuse_recognizers",
    "evaluate_recognizer",
    "tune_attack",
    "attack_recognizer",
    "evaluate_attack",
    "evaluate_transfer",
    "defend_recognizer",
    "attack_defended",
    "evaluate_robustness",
    "certify_recognizer",
    "time_defences",
    "train_poisoned_recognizer",
    "train_videonet",
    "train_poisoned_videonet",
    "evaluate_backdoor",
    "detect",
    "verify",
}


@pytest.fixture(scope="module")
def profile(repository: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((repository / "slurm/profile.v9+.yaml").read_text()))


@pytest.fixture(scope="module")
def rules(repository: Path) -> dict[str, str]:
    """The text of each rule; a rule made from another has that one's too."""
    text = "\n".join(path.read_text() for path in sorted((repository / "workflow/rules").glob("*.smk")))
    resources = dict(RULE.findall(text))
    for base, name in re.findall(r"^use rule (\w+) as (\w+) with:", text, re.MULTILINE):
        resources[name] += resources[base]
    return resources


def test_the_default_profile_would_win(profile: dict[str, Any], repository: Path) -> None:
    """So no key may stand in both."""
    default = yaml.safe_load((repository / "profiles/default/profile.v9+.yaml").read_text())
    assert not default.keys() & profile.keys()


def test_it_says_of_each_gpu_rule_whether_it_gets_one(profile: dict[str, Any], rules: dict[str, str]) -> None:
    assert profile["set-resources"].keys() == {name for name, text in rules.items() if re.search(r"\bgpu=", text)}


def test_each_rule_is_grouped_or_runs_alone(profile: dict[str, Any], rules: dict[str, str]) -> None:
    assert not profile["groups"].keys() & ALONE
    assert profile["groups"].keys() | ALONE == rules.keys()
    assert profile["group-components"].keys() <= set(profile["groups"].values())


def test_a_retry_has_more_memory(rules: dict[str, str]) -> None:
    for name, text in rules.items():
        (asked,) = set(re.findall(r"mem_mb=(.*),", text))
        assert re.fullmatch(r"lambda wildcards, attempt: \d+ \* attempt", asked), name
        (least,) = re.findall(r"\d+", asked)
        assert int(least) >= 1000, name  # two Snakemakes are in the job, too


def test_without_slurm_it_is_one_line(fresh: Project, repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "slurm", fresh.folder / "slurm")
    (tmp_path / "bin").mkdir()
    for name in ("bash", "sh", "git", "which"):
        (tmp_path / "bin" / name).symlink_to(Path(str(shutil.which(name))).resolve())
    without = fresh.environment(PATH=str(tmp_path / "bin"))
    process = fresh.run("--profile", "slurm", environment=without)
    assert process.returncode != 0
    last = (process.stdout + process.stderr).strip().splitlines()[-1]
    assert re.fullmatch(r"error: --profile slurm: found no sbatch, .* on this machine, expected .*", last)
    assert "Traceback" not in process.stdout + process.stderr
    assert not (fresh.folder / "results").exists()
    assert not list(fresh.folder.glob(".snakemake/locks/*"))
    # what would be submitted can be looked at anywhere, and a run here is none of its business
    planned = fresh.run("--profile", "slurm", "--dry-run", environment=without)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    fresh.build(target="resources/procedural/receipt.json")
