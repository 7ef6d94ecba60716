"""The rules of the house: where code stands, and what may import what. The files are parsed, never imported."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from environments import needs, rules
from rooms import imports, links, modules, room

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
MODULES = modules(SOURCE)
PACKAGES = {name for name, file in MODULES.items() if file.name == "__init__.py"}
TREES = {name: ast.parse(file.read_text("utf-8")) for name, file in MODULES.items()}

# Imports lead from a floor to one below it: two rooms of one floor import nothing of each other.
FLOORS = (
    {"errors"},
    {"names", "progress", "seeding", "settings"},
    {"motion"},
    {"files"},
    {"metrics"},
    {"sources", "samples"},
    {"poisoning", "models"},
    {"training"},
    {"attacks"},
    {"defences"},
    {"evaluation"},
    {"tables", "provenance"},
    {"plots"},
    {"report"},
    {"jobs"},
    {"plan"},
    {"cli"},
    {"__main__"},
)
# torch takes seconds to import, and the environment of figures and of the report has none
WITH_TORCH = {"models", "training", "attacks", "defences", "evaluation", "jobs"}
EVALUATED = ("attack", "backdoor", "prediction", "recognizer", "robustness", "transfer", "trigger_strength")
TORCH_INSIDE_FUNCTIONS = {"motion.kinematics", "seeding"}
# where a name in a configuration is a file: what each public module but base.py defines for whoever loads it
NAMES = {
    "attacks": {"ATTACK", "PRESETS"},
    "cli.commands": {"HELP", "DESCRIPTION", "STATUS", "add", "run"},
    "defences.backdoor": {"KIND", "TASKS", "defend"},
    "defences.robust": {"DEFENCE", "PRESETS"},
    "files.kinds": set(),  # a constant of the module's name
    "models.predictors": {"PREDICTOR", "RECIPE"},
    "models.recognizers": {"RECOGNIZER", "RECIPE", "SMALL"},
    "models.videonets": {"VIDEONET", "RECIPE", "SMALL", "PUBLISHED"},
    "models.wrappers": {"WRAPPER"},
    "poisoning.classification.triggers": {"FORMS", "OURS", "PRESETS", "TRIGGER"},
    "poisoning.prediction.disturbances": {"LEVEL", "NEUTRAL", "STAGE", "UNIT", "apply"},
    "poisoning.prediction.selections": {"scores"},
    "poisoning.prediction.targets": {"apply"},
    "poisoning.prediction.triggers": {"apply"},
    "samples.clips.protocols": {"PROTOCOL"},
    "samples.videos.layouts": {"listed"},
    "samples.windows.protocols": {"NOMINAL", "place"},
    "sources.datasets": {"INFO", "items", "read"},
    "sources.readers": {"EXTENSIONS", "read"},
}
# Rules that some code still breaks, by test: this list only shrinks.
STILL_BROKEN: dict[str, set[str]] = {}  # by rule


def check(rule: str, broken: set[str]) -> None:
    """``broken`` is what is known to be broken: no more, and no less, so that the list of exceptions shrinks."""
    known = STILL_BROKEN.get(rule, set())
    assert not broken - known, f"new exceptions to the rule {rule!r}"
    assert not known - broken, f"mended: take them out of STILL_BROKEN[{rule!r}]"


def top_level(tree: ast.Module) -> set[str]:
    """The names that a module defines."""
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assigned = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    for node in assigned:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return names | {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_every_room_has_a_floor() -> None:
    assert sorted(name for floor in FLOORS for name in floor) == sorted({room(name) for name in MODULES})


def test_imports_lead_down() -> None:
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    pairs = {(importer, other) for importer, other in links(SOURCE) if room(importer) != room(other)}
    check("imports lead down", {f"{a} -> {b}" for a, b in pairs if floor[room(b)] >= floor[room(a)]})


def test_a_plan_is_made_of_light_modules() -> None:
    asked = {other for importer, other in links(SOURCE) if room(importer) == "plan" and room(other) != "plan"}
    assert asked <= {"errors", "names", "settings", "poisoning.prediction.strategy"}


def test_the_root_is_small() -> None:
    root = {name for name in MODULES if room(name) == name and name not in PACKAGES}
    assert len(root) <= 7, sorted(root)


def test_private_modules_stay_in_their_package() -> None:
    private = {(importer, other) for importer, other in links(SOURCE) if other.rpartition(".")[2].startswith("_")}
    outside = {f"{a} -> {b}" for a, b in private if a.rpartition(".")[0] != b.rpartition(".")[0]}
    check("private", outside)


def test_torch_is_imported_behind_its_wall() -> None:
    torch = {
        name for name, file in MODULES.items() if any(imported.split(".")[0] == "torch" for imported in imports(file))
    }
    assert {name for name in torch if room(name) not in WITH_TORCH} == TORCH_INSIDE_FUNCTIONS


def test_jobs_that_ask_no_network_start_without_torch() -> None:
    """Figures, tables, the report and the check of a run's hashes among them."""
    starting = {rule.script.stem for rule in rules(ROOT).values() if "torch" in needs(rule.script, SOURCE).loaded}
    evaluations = {f"evaluate_{what}" for what in EVALUATED}
    trainings = {"train_predictor", "train_recognizer", "train_videonet"}
    defences = {"defend_prediction", "defend_recognizer", "certify_recognizer", "time_defences", "detect"}
    assert starting == evaluations | trainings | defences | {"attack_recognizer", "tune_attack", "fuse_recognizers"}


def test_modules_are_short() -> None:
    lines = {name: len(file.read_text("utf-8").splitlines()) for name, file in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_packages_hold_a_docstring_alone() -> None:
    for name in PACKAGES:
        assert ast.get_docstring(TREES[name]), name
        assert len(TREES[name].body) == 1, name


@pytest.mark.parametrize("package", NAMES)
def test_a_folder_of_names_holds_names_alone(package: str) -> None:
    inside = {name.rpartition(".")[2] for name in MODULES if name.rpartition(".")[0] == package}
    public = {name for name in inside if not name.startswith("_") and name != "base"}
    for name in public - {name.rpartition(".")[2] for name in PACKAGES}:
        wanted = NAMES[package] or {name.upper()}
        assert wanted <= top_level(TREES[f"{package}.{name}"]), name


def test_tests_mirror_the_packages() -> None:
    folders = {file.parent.relative_to(ROOT / "tests/unit") for file in (ROOT / "tests/unit").rglob("test_*.py")}
    tested = {".".join(folder.parts) for folder in folders if folder.parts}
    assert tested <= PACKAGES
    assert {room(name) for name in tested} == {name for name in PACKAGES if room(name) == name}
