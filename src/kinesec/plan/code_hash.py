"""One hash for all the code a job runs: its script and every kinesec module that it imports, however deep.

Given to rules as a parameter, so that an edit reruns just the jobs that use the edited module. The hash is of the
syntax tree without docstrings: comments, white space, docstrings and time stamps change nothing. Nor does what cannot
change an output, which is left out (``EXEMPT``). Imports found by name at run time are invisible here, so a rule names
those modules (``names.load``).
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

_SOURCE = Path(__file__).parents[2]
# Modules that cannot change an output, each with the reason. Their imports are not followed: what they alone import,
# such as provenance.certificates in most jobs, is left out with them. tests/unit/plan/test_exempt.py runs jobs with and
# without them. Not here: files.hashing and sources.errors, whose hashes and words stores hold.
EXEMPT = {
    "kinesec.errors": "classes without code; the words of an error stand where it is raised",
    "kinesec.files.errors": "classes without code; the words of an error stand where it is raised",
    "kinesec.progress": "counts, and writes to stderr alone",
    "kinesec.provenance.job": "logs, and writes the certificate that stands beside the outputs and is none of them",
}


def _file(module: str) -> Path | None:
    base = _SOURCE.joinpath(*module.split("."))
    for file in (base.with_suffix(".py"), base / "__init__.py"):
        if file.is_file():
            return file
    return None


def _drop_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body = node.body[1:]


def _absolute(file: Path, node: ast.ImportFrom) -> str:
    """The module that ``from ... import`` names, also where it counts from the file's own place."""
    if not node.level or not file.is_relative_to(_SOURCE):
        return node.module or ""
    package = file.relative_to(_SOURCE).parts[: -node.level]
    return ".".join([*package, node.module] if node.module else package)


@cache
def _parse(file: Path) -> tuple[str, frozenset[str]]:
    """The file's syntax tree as text, and the kinesec modules it imports."""
    tree = ast.parse(file.read_text("utf-8"))
    imports: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(file, node)
            imports.add(module)
            imports.update(f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(node)
    modules = {name for name in imports if name.split(".")[0] == "kinesec" and _file(name)}
    return ast.dump(tree), frozenset(modules)


def modules_of(*start: str) -> list[str]:
    """Every kinesec module that the given ones import, themselves included, without those that are exempt."""
    todo, seen = list(start), set[str]()
    while todo:
        module = todo.pop()
        file = _file(module)
        if module in seen or module in EXEMPT or file is None:
            continue
        seen.add(module)
        todo.extend(_parse(file)[1])
    return sorted(seen)


def code_hash(script: str | Path, *modules: str) -> str:
    """The hash of a script, of the named modules, and of all kinesec modules that these import and are not exempt."""
    for module in modules:
        if _file(module) is None:
            raise ModuleNotFoundError(f"code_hash: no module {module!r}")
    text, imported = _parse(Path(script).resolve())
    digest = hashlib.sha256(text.encode())
    for module in modules_of(*imported, *modules):
        file = _file(module)
        if file is not None:
            digest.update(module.encode() + _parse(file)[0].encode())
    return digest.hexdigest()[:16]


def file_hash(path: str | Path) -> str:
    """The hash of a small file of the repository, so that an edit of it is a changed parameter."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
