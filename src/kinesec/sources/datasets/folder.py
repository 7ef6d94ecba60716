"""Any tree of files that a reader knows: labels from the paths by a regular expression, splits by groups.

Settings: ``pattern``, a Python regular expression that a file's path under the folder (forward slashes) matches from
end to end, with the named groups ``action`` (or ``label``; required), ``subject``, ``take`` and ``style``;
``unmatched`` (``stop``, or ``skip`` to leave such files out); ``reader`` (null: by extension); ``reader_settings``,
passed to it (``skeleton: cmu`` stands for the reader's ``cmu_skeleton()``); ``split`` with ``by`` (``subject``,
``take``, ``action``, ``style`` or ``file``), ``test`` and ``val`` (each a list of names of that kind, or a fraction of
them), and ``seed`` for fractions. Fractions of takes and files are dealt out action by action, so that every action
that has enough of them is in each split.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion
from kinesec.names import available, check, load
from kinesec.sources.datasets._splits import check_keys, setting, split_by_groups
from kinesec.sources.datasets.base import Info, Item, Settings

INFO = Info(title="A folder of recordings", terms="As their owner says", citation="")
KEYS = ("pattern", "unmatched", "reader", "reader_settings", "split")
GROUPS = ("action", "label", "subject", "take", "style")
BY = ("subject", "take", "action", "style", "file")


def files_under(root: Path) -> list[str]:
    """The files under a folder in order, with forward slashes; hidden ones are passed over.

    Raises ``ConfigError`` when there is no such folder.
    """
    if not root.is_dir():
        raise ConfigError(f"folder: found {str(root)!r}, expected a folder of recordings")
    paths = (file.relative_to(root) for file in root.rglob("*") if file.is_file())
    return sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))


def _pattern(settings: Settings) -> re.Pattern[str]:
    text = settings.get("pattern")
    if not isinstance(text, str):
        raise ConfigError(f"pattern: found {text!r}, expected a regular expression with a group (?P<action>...)")
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ConfigError(f"pattern: found {text!r}, which is no regular expression: {error}") from error
    strange = sorted(set(pattern.groupindex) - set(GROUPS))
    if strange or len({"action", "label"} & set(pattern.groupindex)) != 1:
        groups = ", ".join(pattern.groupindex) or "none"
        raise ConfigError(f"pattern: found named groups {groups}, expected action, and of subject, take, style any")
    return pattern


@cache
def _extensions() -> dict[str, tuple[str, ...]]:
    """{extension: the readers that know it}."""
    known: dict[str, tuple[str, ...]] = {}
    for name in available("sources.readers"):
        for extension in load("sources.readers", name).EXTENSIONS:
            known[extension] = (*known.get(extension, ()), name)
    return known


def _reader(path: str, settings: Settings) -> ModuleType | None:
    """The reader for a file; None for skeletons, notes and licences, which lie beside recordings."""
    fitting = _extensions().get(PurePosixPath(path).suffix.lower(), ())
    name = settings.get("reader")
    if name is not None:
        return load("sources.readers", str(name)) if check("sources.readers", str(name), "reader") in fitting else None
    return load("sources.readers", fitting[0]) if len(fitting) == 1 else None


def _reader_settings(reader: ModuleType, settings: Settings) -> dict[str, Any]:
    given = settings.get("reader_settings") or {}
    if not isinstance(given, Mapping):
        raise ConfigError(f"reader_settings: found {given!r}, expected a mapping")
    known = [p for p in inspect.signature(reader.read).parameters.values() if p.kind is p.KEYWORD_ONLY]
    strange = sorted(set(map(str, given)) - {p.name for p in known})
    if strange:
        expected = ", ".join(p.name for p in known) or "none"
        raise ConfigError(f"reader_settings.{strange[0]}: found an unknown key, expected some of {expected}")
    missing = [p.name for p in known if p.default is p.empty and p.name not in given]
    if missing:
        raise ConfigError(f"reader_settings.{missing[0]}: found none, expected a value: the format does not state it")
    values = dict(given)
    if "skeleton" in values:
        ending = "_skeleton"
        there = [name.removesuffix(ending) for name in dir(reader) if name.endswith(ending) and name[0] != "_"]
        if values["skeleton"] not in there:
            skeleton = values["skeleton"]
            raise ConfigError(f"reader_settings.skeleton: found {skeleton!r}, expected one of {', '.join(there)}")
        values["skeleton"] = getattr(reader, f"{values['skeleton']}{ending}")()
    return values


def _why_none(files: Sequence[str], settings: Settings) -> str:
    for path in files:
        fitting = _extensions().get(PurePosixPath(path).suffix.lower(), ())
        if settings.get("reader") is None and len(fitting) > 1:
            return f"reader: found null for {path!r}, expected {' or '.join(fitting)}: the extension alone does not say"
    return f"pattern: found no recording that matches it among {len(files)} files; correct it, or the path"


def items(files: Sequence[str], settings: Settings) -> list[Item]:
    """The recordings among ``files``, labelled and split; see the module.

    Raises ``ConfigError`` naming the key for settings that cannot be used, and when recordings do not match the
    pattern (the first few are listed).
    """
    check_keys(settings, KEYS)
    pattern = _pattern(settings)
    unmatched = setting(settings, "unmatched", "stop", ("stop", "skip"))
    labelled: list[Item] = []
    strange: list[str] = []
    readers: dict[str, ModuleType] = {}
    for path in sorted(files):
        reader = _reader(path, settings)
        if reader is None:
            continue
        readers[reader.__name__] = reader
        match = pattern.fullmatch(path)
        if match is None:
            strange.append(path)
            continue
        value = {key: text or "" for key, text in match.groupdict().items()}
        value.setdefault("action", value.pop("label", ""))
        if not value["action"]:
            raise ConfigError(f"pattern: found no action in {path!r}, expected one for each file")
        labelled.append(Item(path=path, split="train", **value))
    if strange and unmatched == "stop":
        some = ", ".join(strange[:3]) + (" ..." if len(strange) > 3 else "")
        raise ConfigError(
            f"pattern: found {len(strange)} files that do not match it: {some}; correct it, or set unmatched: skip"
        )
    if not labelled:
        raise ConfigError(_why_none(files, settings))
    for reader in readers.values():
        _reader_settings(reader, settings)
    known = {"file", "action", *pattern.groupindex}
    return split_by_groups(labelled, settings.get("split") or {}, [by for by in BY if by in known])


def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    """The file's bodies, by the reader of the settings or of its extension; raises ``ConfigError`` naming the key."""
    reader = _reader(item.path, settings)
    if reader is None:
        raise ConfigError(f"reader: found none for {item.path!r}, expected one of {', '.join(available('readers'))}")
    motions: tuple[Motion, ...] = reader.read(root / item.path, **_reader_settings(reader, settings))
    return motions
