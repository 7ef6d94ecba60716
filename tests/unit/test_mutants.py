"""tests/mutants.yaml is about this code: every module has tests, every survivor a reason and its line."""

from __future__ import annotations

from pathlib import Path

import mutants
import pytest


def test_every_module_of_the_rooms_has_tests(repository: Path) -> None:
    plan = mutants.Plan.read(repository / mutants.PLAN)
    for room in plan.rooms:
        assert (repository / mutants.CODE / room).is_dir()
    for tests, modules in plan.groups(repository).items():
        assert modules
        for test in tests:
            assert (repository / test).is_file(), f"{modules[0]}: {test}"


def test_every_survivor_has_its_line_and_a_reason(repository: Path) -> None:
    plan = mutants.Plan.read(repository / mutants.PLAN)
    for module, survivors in plan.survivors.items():
        lines = " ".join((repository / mutants.CODE / module).read_text("utf-8").split())
        assert len({each.key for each in survivors}) == len(survivors)
        for each in survivors:
            assert " ".join(each.old.split()) in lines, f"{module}: {each.old}"
            assert len(each.why) > 10, f"{module}: {each.old}"


def test_modules_are_asked_for_by_file_or_folder(repository: Path, tmp_path: Path) -> None:
    for name in ("metrics/__init__.py", "metrics/one.py", "metrics/two.py", "metricsx/three.py", "plots/four.py"):
        (tmp_path / mutants.CODE / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / mutants.CODE / name).touch()
    for name in ("metrics/test_two.py", "metrics/test_other.py"):
        (tmp_path / mutants.TESTS / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / mutants.TESTS / name).touch()
    other, two = "tests/unit/metrics/test_other.py", "tests/unit/metrics/test_two.py"
    plan = mutants.Plan(["metrics", "metricsx"], {"metrics*/*": ["metrics/test_other.py"]}, [], {})
    assert plan.modules(tmp_path, ["metrics"]) == ["metrics/one.py", "metrics/two.py"]
    assert plan.modules(tmp_path, ["metrics/two.py"]) == ["metrics/two.py"]
    with pytest.raises(SystemExit, match=r"plots: found no module of metrics, metricsx, expected one or more"):
        plan.modules(tmp_path, ["plots"])
    assert plan.groups(tmp_path) == {(other,): ["metrics/one.py", "metricsx/three.py"], (two,): ["metrics/two.py"]}
    alone = mutants.Plan(["metrics"], {"metrics/two.py": ["metrics/test_other.py"]}, [], {})
    assert alone.groups(tmp_path) == {(other, two): ["metrics/one.py"], (other,): ["metrics/two.py"]}
