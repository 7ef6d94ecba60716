"""Names are modules: ``recognizer: st_gcn`` in a configuration means ``kinesec/models/recognizers/st_gcn.py``."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from kinesec.errors import ConfigError

_PACKAGE = Path(__file__).parent
_SHARED = {"__init__", "base"}


def available(package: str) -> list[str]:
    """The names a package offers, from its files alone: nothing is imported."""
    files = _PACKAGE.joinpath(*package.split(".")).glob("*.py")
    return sorted(file.stem for file in files if file.stem not in _SHARED and not file.stem.startswith("_"))


def file(package: str, name: str) -> Path:
    """The file of a name's module."""
    return _PACKAGE.joinpath(*package.split("."), f"{name}.py")


def constant(package: str, name: str, key: str, default: Any = None) -> Any:
    """A literal that a name's module assigns to ``key``, read from its file alone: nothing is imported.

    ``default`` where there is no such module, or it assigns none.
    """
    path = file(package, name)
    for node in ast.parse(path.read_text("utf-8")).body if path.is_file() else ():
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and [getattr(name, "id", "") for name in targets] == [key]:
            return default if node.value is None else ast.literal_eval(node.value)
    return default


def check(package: str, name: str, key: str) -> str:
    """Returns ``name``; raises ``ConfigError`` naming the configuration's ``key`` and the names there are."""
    names = available(package)
    if name not in names:
        raise ConfigError(f"{key}: found {name!r}, expected one of {', '.join(names)}")
    return name


def load(package: str, name: str) -> ModuleType:
    """Imports the module of a name."""
    return importlib.import_module(f"kinesec.{package}.{check(package, name, package)}")
