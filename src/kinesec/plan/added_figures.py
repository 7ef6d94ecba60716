"""Figures that a configuration adds: drawn from the run's tables by a module of ``plots`` that names those it needs."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.plan.figures import STILL, Figure

PACKAGE = "plots"


@dataclass(frozen=True, kw_only=True)
class AddedFigure:
    """One figure: its ``module`` in ``plots``, the names of the ``tables`` that it draws, its ``settings``."""

    module: str
    tables: tuple[str, ...]
    settings: Mapping[str, Any]
    caption: str

    @property
    def code(self) -> str:
        """The module that draws it."""
        return f"{PACKAGE}.{self.module}"


def _read(name: str) -> tuple[tuple[str, ...], str]:
    """The ``TABLES`` of a module and its first line, from its file alone; no tables where it names none."""
    tree = ast.parse(names.file(PACKAGE, name).read_text("utf-8"))
    caption = (ast.get_docstring(tree) or name).splitlines()[0]
    for node in tree.body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["TABLES"]:
            return tuple(ast.literal_eval(node.value)), caption
    return (), caption


def added_figures(specs: Mapping[str, Mapping[str, Any]], tables: Collection[str]) -> dict[str, AddedFigure]:
    """The figures of ``specs``, the configuration's ``figures``, by their names; ``tables`` are those of the run.

    Raises ``ConfigError`` for a module that does not exist or names no ``TABLES``, and for a table the run lacks.
    """
    added = {}
    for name, spec in specs.items():
        key, module = f"configuration: figures.{name}.figure", spec["figure"]
        drawable = [each for each in names.available(PACKAGE) if _read(each)[0]]
        if module not in drawable:
            known = ", ".join(drawable) or "there is none yet: docs/adding-things.md"
            raise ConfigError(f"{key}: found {module!r}, expected a module of kinesec.plots with TABLES: {known}")
        needed, caption = _read(module)
        for table in needed:
            if table not in tables:
                raise ConfigError(f"{key}: found {module!r}, which draws {table!r}, expected {', '.join(tables)}")
        added[name] = AddedFigure(module=module, tables=needed, settings=spec.get("settings", {}), caption=caption)
    return added


def described(added: Mapping[str, AddedFigure]) -> list[Figure]:
    """The figures as the report and the crate list them."""
    return [Figure(name, STILL, figure.caption) for name, figure in added.items()]
