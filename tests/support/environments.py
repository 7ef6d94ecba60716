"""What the rules' conda environments say, and what the code of a rule needs; for the tests of both."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import yaml

CHANNELS = ["conda-forge", "nodefaults"]
PYTHON = "3.11"
# what conda-forge calls a package of PyPI; all others that the environments name are called the same
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch"}
# what a package of PyPI is imported as, where that is not its name
IMPORTED_AS = {"PIL": "pillow", "pywt": "pywavelets", "yaml": "pyyaml"}
# what packages try to import and do without: where an environment has none, Python finds Snakemake's
TRIED = {
    "charset_normalizer": "numpy.f2py",
    "fsspec": "zarr, for stores that are not local",
    "idna": "jsonschema, for formats that no schema here names",
    "tabulate": "torch.fx, for tables to be printed",
    "wcwidth": "tabulate",
}


def canonical(name: str) -> str:
    """A PyPI name as PEP 503 spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Rule:
    """A rule's name, the file of its environment and its script, as written in the rules' folder."""

    name: str
    environment: Path
    script: Path


@dataclass
class Needs:
    """Packages that modules import when they are loaded, and those that they import inside functions."""

    loaded: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)


def pins(constraints: Path) -> dict[str, str]:
    """PyPI name -> exact version, of a constraints file."""
    lines = [line.strip() for line in constraints.read_text("utf-8").splitlines()]
    versions = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonical(name): version for name, version in versions.items()}


def specs(file: Path) -> dict[str, str]:
    """Conda name -> exact version; ``AssertionError`` for anything but that, with a reason for each package."""
    text = file.read_text("utf-8")
    document = yaml.safe_load(text)
    assert list(document) == ["channels", "dependencies"], f"{file.name}: {list(document)}"
    assert document["channels"] == CHANNELS, f"{file.name}: {document['channels']}"
    versions: dict[str, str] = {}
    for spec in document["dependencies"]:
        assert isinstance(spec, str), f"{file.name}: {spec} is no package of a channel"
        name, _, version = spec.partition("=" if spec.startswith("python=") else "==")
        exact = version == PYTHON if name == "python" else re.fullmatch(r"[0-9]+(\.[0-9]+)*", version)
        assert exact, f"{file.name}: {spec} is not name==version"
        assert re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name), f"{file.name}: {name!r}"
        assert name not in versions, f"{file.name}: {name} twice"
        why = rf"^  - {re.escape(spec)} # \S.*$"
        assert re.search(why, text, re.MULTILINE), f"{file.name}: {spec} has no reason behind it"
        versions[name] = version
    return versions


def rules(repository: Path) -> dict[str, Rule]:
    """Every rule that runs a job; ``AssertionError`` for one without a script or an environment."""
    by_name: dict[str, Rule] = {}
    for file in sorted((repository / "workflow/rules").glob("*.smk")):
        for block in re.split(r"^(?:rule|checkpoint|use rule) ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            name = block.split(":")[0]
            like = re.fullmatch(r"(\w+) as (\w+) with", name)
            if like is not None:
                assert not re.search(r"^    (conda|script):$", block, re.MULTILINE), f"{file.name}: {name}"
                by_name[like[2]] = replace(by_name[like[1]], name=like[2])
                continue
            places = [
                re.findall(rf'^    {key}:\n        "([^"]+)"$', block, re.MULTILINE) for key in ("conda", "script")
            ]
            assert [len(place) for place in places] == [1, 1], f"{file.name}: {name}: {places}"
            environment, script = ((file.parent / place[0]).resolve() for place in places)
            assert name not in by_name, name
            by_name[name] = Rule(name, environment, script)
    return by_name


def _is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


@cache
def _imports(file: Path) -> tuple[set[str], set[str], set[str]]:
    """Modules that a file imports when loaded, those it imports in functions, packages it loads modules of by name."""
    loaded: set[str] = set()
    called: set[str] = set()
    by_name: set[str] = set()
    tree = ast.parse(file.read_text("utf-8"))
    texts = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }

    def visit(node: ast.AST, into: set[str]) -> None:
        if _is_typing_only(node):
            return
        if isinstance(node, ast.Import):
            into.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: a relative import"
            module = node.module or ""
            into.update([module, *(f"{module}.{alias.name}" for alias in node.names)])
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "names.load":
            package = node.args[0]
            if isinstance(package, ast.Attribute):  # not known before the job runs: any package beside the file
                beside = sorted(folder.parent.name for folder in file.parent.glob("*/__init__.py"))
                by_name.update(f"{file.parent.name}.{folder}" for folder in beside)
            else:
                said = texts.get(package.id) if isinstance(package, ast.Name) else getattr(package, "value", None)
                assert isinstance(said, str), f"{file.name}: names.load({ast.unparse(package)}): which package is that?"
                by_name.add(said)
        inner = called if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) else into
        for child in ast.iter_child_nodes(node):
            visit(child, inner)

    visit(tree, loaded)
    return loaded, called, by_name


def _file(module: str, source: Path) -> Path | None:
    base = source.joinpath(*module.split("."))
    return next((file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()), None)


def needs(script: Path, source: Path) -> Needs:
    """Packages outside the standard library that a script's job can import.

    Follows every import of ``kinesec``, and all modules of a package that the code loads one of by its name.
    """
    needed = Needs()
    seen: set[tuple[Path, bool]] = set()
    todo = [(script, True)]
    while todo:
        file, at_once = todo.pop()
        if (file, at_once) in seen or (file, True) in seen:
            continue
        seen.add((file, at_once))
        loaded, called, by_name = _imports(file)
        for package in by_name:
            folder = source / "kinesec" / package.replace(".", "/")
            assert folder.is_dir(), f"{file.name} loads modules of {package}"
            called = called | {f"kinesec.{package}.{path.stem}" for path in folder.glob("[a-z]*.py")}
        for names, now in ((loaded, at_once), (called, False)):
            outside = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"kinesec"}
            into = needed.loaded if now else needed.called
            into.update(canonical(IMPORTED_AS.get(name, name)) for name in outside)
            for name in names:
                if name.split(".")[0] == "kinesec":
                    parts = name.split(".")
                    modules = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
                    todo += [(path, now) for path in (_file(module, source) for module in modules) if path is not None]
    needed.called -= needed.loaded
    return needed


def strays(modules: list[tuple[str, str]], prefix: Path, source: Path) -> list[str]:
    """Modules that a job took from elsewhere than its environment, or ``kinesec`` from elsewhere than ``source``.

    ``modules`` are names and files in the order of import. Snakemake's own packages describe the job to it and are none
    of the environment's; they load what they need before the script's first import of ``kinesec``. Nor are those that
    other packages merely try. torch has modules of no place in the file system.
    """
    first = next(index for index, (name, _) in enumerate(modules) if name == "kinesec")
    lines = []
    for name, file in modules[first:]:
        package = name.split(".")[0]
        place = source if package == "kinesec" else prefix
        excused = package in TRIED or package.startswith("snakemake") or not Path(file).is_absolute()
        if not excused and not Path(file).is_relative_to(place):
            lines.append(f"{name}: {file}")
    return lines
