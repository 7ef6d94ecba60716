"""A defence against backdoors by its name: of the task that the case is of, with settings that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from kinesec import names
from kinesec.defences.base import Outcome
from kinesec.errors import ConfigError
from kinesec.settings import keywords

PACKAGE = "defences.backdoor"
Task = Literal["prediction", "recognition", "video"]


def run(case: Any, task: Task, name: str, settings: Mapping[str, Any]) -> list[Outcome]:
    """All that a defence finds.

    Raises ``ConfigError`` for a defence that there is none of, one of other tasks, or a setting that it does not take.
    """
    module = names.load(PACKAGE, name)
    if task not in module.TASKS:
        raise ConfigError(f"defence {name!r}: found a case of {task}, expected one of {', '.join(module.TASKS)}")
    return list(module.defend(case, **keywords(f"defence {name!r}", module.defend, settings)))
