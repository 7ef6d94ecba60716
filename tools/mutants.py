"""Changes a line of the code at a time and looks whether a test fails: mutmut, each module by its own tests.

    python tools/mutants.py [MODULE ...] [--children 2] [--folder build/mutants] [--resume] [--list]

A MODULE is a file or folder below src/kinesec (``metrics/prediction.py``, ``attacks``); without any, all that
tests/mutants.yaml names. Modules of the same tests are taken together: copied with them to a folder of their own, where
mutmut makes its mutants and runs them in forks of one process that has torch loaded. ``--resume`` goes on with a run
that was stopped. Told are the mutants made and killed of each module, and those that live and tests/mutants.yaml gives
no reason for, as it would have them. Ends with 1 where there are some, or where less than ``LEAST`` % were killed.

What mutmut does not change: constants of modules and classes, decorated functions. Needs the extra ``mutants``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from time import monotonic
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
CODE, TESTS, PLAN = Path("src/kinesec"), Path("tests/unit"), Path("tests/mutants.yaml")
COPIED = ("src", "tests", "benchmarks", "tools", "pyproject.toml")
LEAST = 90
TOLD_EVERY = 30  # seconds
# exit codes of the tests of a mutant: failed or broken; out of time; not one of them asks the function
KILLED, LATE, UNASKED = (1, 3, 37), (36, 24, -24, 152, 255), (5, 33)


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test tells from the code: the function, the line as it is and as it was changed, and why."""

    function: str
    old: str
    new: str
    why: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.function, self.old, self.new


@dataclass(frozen=True)
class Plan:
    """tests/mutants.yaml: the ``rooms`` that are changed, whose ``tests`` are not where a module's tests are, patterns
    of lines to ``ignore``, and the ``survivors`` of each module."""

    rooms: Sequence[str]
    tests: Mapping[str, Sequence[str]]
    ignore: Sequence[str]
    survivors: Mapping[str, Sequence[Survivor]]

    @classmethod
    def read(cls, path: Path) -> Plan:
        said = yaml.safe_load(path.read_text("utf-8"))
        survivors = {
            module: [Survivor(one["in"], one["old"], one["new"], one["why"]) for one in several]
            for module, several in (said.get("survivors") or {}).items()
        }
        return cls(said["rooms"], said["tests"], said["ignore"], survivors)

    def modules(self, root: Path, asked: Iterable[str] = ()) -> list[str]:
        """The modules, by their paths below src/kinesec, that are below a room and below one that is ``asked`` for."""

        def below(module: str, places: Iterable[str]) -> bool:
            return any(module == place or module.startswith(f"{place.rstrip('/')}/") for place in places)

        every = sorted(file.relative_to(root / CODE).as_posix() for file in (root / CODE).rglob("*.py"))
        chosen = [each for each in every if not each.endswith("__init__.py") and below(each, self.rooms)]
        wanted = list(asked)
        unknown = [place for place in wanted if not any(below(module, [place]) for module in chosen)]
        if unknown:
            raise SystemExit(f"mutants: {unknown[0]}: found no module of {', '.join(self.rooms)}, expected one or more")
        return [module for module in chosen if not wanted or below(module, wanted)]

    def tests_of(self, root: Path, module: str) -> tuple[str, ...]:
        """A module's tests: those that the plan names by its path, else test_<module>.py in the mirrored folder, else
        those of the first pattern that fits, else all in the nearest folder that there is."""

        def named(pattern: str) -> tuple[str, ...]:
            return tuple((TESTS / test).as_posix() for test in self.tests[pattern])

        if module in self.tests:
            return named(module)
        folder = TESTS / Path(module).parent
        mirrored = folder / f"test_{Path(module).stem.lstrip('_')}.py"
        if (root / mirrored).is_file():
            return (mirrored.as_posix(),)
        for pattern in self.tests:
            if fnmatch(module, pattern):
                return named(pattern)
        while folder != TESTS:
            if some := sorted((root / folder).glob("test_*.py")):
                return tuple(test.relative_to(root).as_posix() for test in some)
            folder = folder.parent
        raise SystemExit(f"mutants: {module}: found no tests, expected some in {TESTS / Path(module).parent}")

    def groups(self, root: Path, asked: Iterable[str] = ()) -> dict[tuple[str, ...], list[str]]:
        """Modules by their tests."""
        by_tests: dict[tuple[str, ...], list[str]] = {}
        for module in self.modules(root, asked):
            by_tests.setdefault(self.tests_of(root, module), []).append(module)
        return by_tests


@dataclass
class Outcome:
    """What became of a module's mutants."""

    made: int = 0
    killed: int = 0
    late: int = 0
    unasked: int = 0
    living: list[Survivor] = field(default_factory=list)


def settings(modules: Sequence[str], tests: Sequence[str], ignore: Sequence[str]) -> str:
    """mutmut's table for pyproject.toml."""
    values: dict[str, Any] = {
        "source_paths": ["src"],
        "only_mutate": [(CODE / module).as_posix() for module in modules],
        "also_copy": ["benchmarks", "tools"],
        "do_not_mutate_patterns": list(ignore),
        "pytest_add_cli_args_test_selection": list(tests),
        "pytest_add_cli_args": ["--hypothesis-seed=0", "-p", "no:cacheprovider"],
        # torch's autograd refuses to work in a fork of a process where it has worked
        "process_isolation": "forkserver",
        "use_git_change_detection": False,
    }
    return "\n[tool.mutmut]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def prepare(root: Path, folder: Path, table: str) -> None:
    """Copies what the tests need, and mutmut's settings with it."""
    folder.mkdir(parents=True)
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy2(root / name, folder / name)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write(table)


def codes(folder: Path, module: str) -> dict[str, int | None]:
    """The exit code of each mutant's tests, None where they have not run."""
    path = folder / "mutants" / CODE / f"{module}.meta"
    return json.loads(path.read_text("utf-8"))["exit_code_by_key"] if path.is_file() else {}


def run(folder: Path, modules: Sequence[str], children: int) -> None:
    """Has mutmut make and run the mutants; tells now and then how far it is."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)  # or the code would be tested as it is
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(children)]
    log = folder / "mutmut.log"
    with log.open("w") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                try:
                    process.wait(TOLD_EVERY)
                except subprocess.TimeoutExpired:
                    now = [code for module in modules for code in codes(folder, module).values()]
                    print(f"  {len(now) - now.count(None)} of {len(now)} mutants", flush=True)
        except KeyboardInterrupt:
            process.wait()
            raise
    if process.returncode:
        end = log.read_text(errors="replace").replace("\r", "\n").splitlines()[-25:]
        raise SystemExit("\n".join([*end, f"mutants: mutmut ended with {process.returncode}, see {log}"]))


def changed(folder: Path, module: str, mutant: str) -> Survivor:
    """What a mutant changes."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.utils.format_utils import orig_function_and_class_names_from_key

    function, owner = orig_function_and_class_names_from_key(mutant)
    with chdir(folder):
        lines = get_diff_for_mutant(mutant, path=(CODE / module).as_posix()).splitlines()[2:]
    old, new = (" ".join(line[1:].strip() for line in lines if line[:1] == side) for side in "-+")
    name = function.rpartition(".")[2]
    return Survivor(f"{owner}.{name}" if owner else name, old, new)


def outcome(folder: Path, module: str) -> Outcome:
    result = Outcome()
    for mutant, code in codes(folder, module).items():
        result.made += 1
        result.late += code in LATE
        result.unasked += code in UNASKED
        if code in KILLED or code in LATE:
            result.killed += 1
        else:
            result.living.append(changed(folder, module, mutant))
    return result


def told(survivors: Mapping[str, Sequence[Survivor]]) -> str:
    """Survivors as tests/mutants.yaml has them."""
    rows = {
        module: [{"in": each.function, "old": each.old, "new": each.new, "why": each.why} for each in several]
        for module, several in survivors.items()
    }
    return yaml.safe_dump(rows, sort_keys=False, width=1000, allow_unicode=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--children", type=int, default=len(os.sched_getaffinity(0)), help="mutants at once")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "mutants")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--list", action="store_true", help="only say which tests each module has")
    arguments = parser.parse_args()
    plan = Plan.read(ROOT / PLAN)
    groups = plan.groups(ROOT, arguments.modules)
    if arguments.list:
        for tests, modules in groups.items():
            print(*modules, *(f"    {test}" for test in tests), sep="\n")
        return 0
    made = killed = 0
    unlisted: dict[str, list[Survivor]] = {}
    for number, (tests, modules) in enumerate(groups.items()):
        folder = arguments.folder / modules[0].replace("/", ".").removesuffix(".py")
        print(f"group {number + 1} of {len(groups)}: {', '.join(modules)}", flush=True)
        began = monotonic()
        if folder.exists() and not arguments.resume:
            shutil.rmtree(folder)
        if not folder.exists():
            prepare(ROOT, folder, settings(modules, tests, plan.ignore))
        run(folder, modules, arguments.children)
        for module in modules:
            result = outcome(folder, module)
            listed = {each.key for each in plan.survivors.get(module, ())}
            new = [each for each in result.living if each.key not in listed]
            made, killed = made + result.made, killed + result.killed
            print(
                f"  {module}: {result.made} made, {result.killed} killed ({result.late} by time), "
                f"{len(result.living)} live ({result.unasked} no test asks for), {len(new)} without a reason",
                flush=True,
            )
            if new:
                unlisted[module] = new
            for key in sorted(listed - {each.key for each in result.living}):
                print(f"  {module}: {key[0]}: {key[1]!r} -> {key[2]!r}: listed, but dead or gone", flush=True)
        print(f"  {monotonic() - began:.0f} s", flush=True)
    share = 100 * killed / made if made else 100.0
    print(f"mutants: {made} made, {killed} killed: {share:.1f} %")
    if unlisted:
        print(f"mutants: {sum(map(len, unlisted.values()))} live without a reason in {PLAN}:\n{told(unlisted)}")
    return int(bool(unlisted) or share < LEAST)


if __name__ == "__main__":
    sys.exit(main())
