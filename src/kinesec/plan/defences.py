"""What kind a defence is, read from its file alone: a workflow asks before anything is imported."""

from __future__ import annotations

import ast

from kinesec import names
from kinesec.errors import ConfigError

PACKAGE = "defences.backdoor"


def kind(name: str) -> str:
    """The ``KIND`` of a defence: ``detection``, ``repair`` or ``inversion``.

    Raises ``ConfigError`` for a name that there is none of, or a module without one.
    """
    file = names.file(PACKAGE, names.check(PACKAGE, name, "defence"))
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["KIND"]:
            return str(ast.literal_eval(node.value))
    raise ConfigError(f"{file}: found no KIND, expected detection, repair or inversion")
