"""The rules' conda environments, against constraints.txt and against what the rules' code imports."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from environments import CONDA_NAMES, TRIED, canonical, needs, pins, rules, specs, strays

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
RULES = rules(ROOT)
FROM_CONDA = {conda: name for name, conda in CONDA_NAMES.items()}
# never imported by kinesec itself in this environment, and why it is there
LOADED_BY_OTHERS = {("torch", "pyarrow"): "pandas writes Parquet with it"}
# imported inside a function that no job of this environment calls
NEVER_CALLED = {
    ("retrieve", "torch"): "kinematics of tensors, torch's random streams",
    ("retrieve", "ezc3d"): "a data set's module names its reader; fetching never reads",
    ("retrieve", "pyarrow"): "a data set's module names its reader; fetching never reads",
    ("data", "torch"): "kinematics of tensors, torch's random streams",
    ("torch", "art"): "an attack for comparison, of the extra `peers`; without it the attack says so in one line",
    ("report", "torch"): "kinematics of tensors, torch's random streams, the shape that a recognizer is built for",
    ("report", "av"): "films of animations and decoded videos, whose rules have another environment",
    ("report", "ezc3d"): "a data set's module, asked for its name and licence, names its reader",
}


def packages(environment: Path) -> set[str]:
    """What an environment names, as PyPI calls it."""
    return {canonical(FROM_CONDA.get(name, name)) for name in specs(environment)} - {"python"}


def imported(environment: Path) -> tuple[set[str], set[str]]:
    """What the jobs in an environment import on loading their code, and inside functions."""
    needed = [needs(rule.script, ROOT / "src") for rule in RULES.values() if rule.environment == environment]
    return set().union(*(each.loaded for each in needed)), set().union(*(each.called for each in needed))


def test_there_are_the_four_environments() -> None:
    assert [file.name for file in ENVIRONMENTS] == ["data.yaml", "report.yaml", "retrieve.yaml", "torch.yaml"]


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_versions_are_those_of_the_constraints(file: Path) -> None:
    exact = pins(ROOT / "constraints.txt")
    for name, version in specs(file).items():
        if name != "python":
            assert version == exact[canonical(FROM_CONDA.get(name, name))], name


@pytest.mark.parametrize(
    "line",
    ["numpy", "numpy=2.4.6 # why", "numpy>=2 # why", "numpy==2.4.6", "numpy==2.* # why", "pip: [numpy==2.4.6]"],
)
def test_a_spec_that_is_not_exact_or_says_no_reason_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "bad.yaml"
    good = "channels:\n  - conda-forge\n  - nodefaults\ndependencies:\n  - scipy==1.17.1 # rotations\n"
    file.write_text(good)
    assert specs(file) == {"scipy": "1.17.1"}
    file.write_text(f"{good}  - {line}\n")
    with pytest.raises(AssertionError):
        specs(file)


def test_every_rule_names_an_environment_and_a_script_that_exist() -> None:
    texts = [file.read_text("utf-8") for file in (ROOT / "workflow/rules").glob("*.smk")]
    pattern = re.compile(r"^(?:rule|use rule \w+ as) (\w+)", re.MULTILINE)
    named = {name for text in texts for name in pattern.findall(text)}
    assert set(RULES) == named
    for rule in RULES.values():
        assert rule.environment in ENVIRONMENTS, rule.name
        assert rule.script.is_file(), rule.name
    scripts = sorted((ROOT / "workflow/scripts").glob("*.py"))
    assert sorted({rule.script for rule in RULES.values()}) == scripts


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_what_a_rules_code_imports_is_in_its_environment(rule) -> None:  # type: ignore[no-untyped-def]
    there = packages(rule.environment)
    needed = needs(rule.script, ROOT / "src")
    excused = {name for environment, name in NEVER_CALLED if environment == rule.environment.stem}
    assert needed.loaded <= there
    assert needed.called - excused <= there


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_what_packages_merely_try_is_nothing_that_the_code_imports(file: Path) -> None:
    loaded, called = imported(file)
    assert not {canonical(name) for name in TRIED} & (loaded | called)


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_nothing_is_in_an_environment_for_no_reason(file: Path) -> None:
    loaded, called = imported(file)
    others = {name for environment, name in LOADED_BY_OTHERS if environment == file.stem}
    assert packages(file) - loaded - called == others
    excused = {name for environment, name in NEVER_CALLED if environment == file.stem}
    assert excused <= called - packages(file)


def test_downloads_and_torch_stay_where_they_belong() -> None:
    assert [file.stem for file in ENVIRONMENTS if "requests" in imported(file)[0]] == ["retrieve"]
    assert [file.stem for file in ENVIRONMENTS if "torch" in imported(file)[0]] == ["torch"]


def test_a_module_from_elsewhere_than_the_environment_is_noticed(tmp_path: Path) -> None:
    prefix, source, host = tmp_path / "env", tmp_path / "work/src", tmp_path / "host"
    after = [("snakemake.io", f"{host}/snakemake/io.py"), ("torch.classes", "_classes.py")]
    before = [("snakemake", f"{host}/snakemake.py"), ("humanfriendly", f"{host}/humanfriendly.py")]
    ours = [
        ("kinesec", f"{source}/kinesec/__init__.py"),
        ("kinesec.provenance.job", f"{source}/kinesec/provenance/job.py"),
    ]
    numpy = ("numpy", f"{prefix}/lib/numpy.py")
    assert strays([*before, *ours, numpy, *after], prefix, source) == []
    assert strays([*before, *ours, numpy, ("xarray", f"{host}/xarray.py")], prefix, source) == [
        f"xarray: {host}/xarray.py"
    ]
    assert strays([*before, ("kinesec", f"{host}/kinesec.py"), numpy], prefix, source) == [
        f"kinesec: {host}/kinesec.py"
    ]


@pytest.mark.parametrize(
    ("text", "loaded", "called"),
    [
        ("import yaml", {"pyyaml"}, set()),
        ("import os.path\nfrom PIL import Image", {"pillow"}, set()),
        ("def f():\n    import torch", set(), {"torch"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch", set(), set()),
        ("from kinesec import near", {"numpy"}, {"scipy"}),
        ("from kinesec.deep.inner import thing", {"pandas", "numpy"}, {"scipy"}),
        ("def f():\n    from kinesec import near", set(), {"numpy", "scipy"}),
        ("from kinesec import names\nnames.load('models', 'small')", set(), {"torch"}),
        ("from kinesec.deep import kind", {"pandas"}, {"torch"}),
    ],
)
def test_imports_are_followed(tmp_path: Path, text: str, loaded: set[str], called: set[str]) -> None:
    for path, code in {
        "src/kinesec/__init__.py": "",
        "src/kinesec/near.py": "import numpy\ndef g():\n    import scipy\n",
        "src/kinesec/names.py": "",
        "src/kinesec/deep/__init__.py": "import pandas\n",
        "src/kinesec/deep/inner.py": "from kinesec.near import g\n",
        "src/kinesec/deep/kind.py": "from kinesec import names\ndef g(self):\n    names.load(self.package, 'small')\n",
        "src/kinesec/deep/models/__init__.py": "",
        "src/kinesec/deep/models/small.py": "import torch\n",
        "src/kinesec/models/__init__.py": "",
        "src/kinesec/models/small.py": "import torch\n",
        "script.py": text,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(code)
    needed = needs(tmp_path / "script.py", tmp_path / "src")
    assert (needed.loaded, needed.called) == (loaded, called)
