"""Raw files to a store of motions, one sequence at a time: labelled, split, checked, with their sources' hashes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol

from kinesec import names
from kinesec.errors import ConfigError, KinesecError
from kinesec.files.hashing import sha256_of
from kinesec.files.kinds.motions import MOTIONS
from kinesec.files.store import Writer
from kinesec.motion.recording import Motion
from kinesec.progress import track
from kinesec.sources.datasets.base import SPLITS, Info, Item, Settings
from kinesec.sources.errors import BadFile
from kinesec.sources.sequences import Mixed, Sequences

log = logging.getLogger(__name__)


class DataSet(Protocol):
    """What ``ingest`` needs of a data set's module."""

    INFO: Info
    items: Callable[[Sequence[str], Settings], list[Item]]
    read: Callable[[Path, Item, Settings], tuple[Motion, ...]]


def _labelled(module: ModuleType | DataSet, files: Sequence[str], settings: Settings, dataset: str) -> list[Item]:
    items: list[Item] = sorted(module.items(sorted(files), settings), key=lambda item: item.path)
    if not items:
        raise ConfigError(f"{dataset}: found no recordings among {len(files)} files; correct its settings")
    for before, item in pairwise(items):
        if before.path == item.path:
            raise ConfigError(f"{dataset}: found {item.path!r} twice, expected each file once")
    for item in items:
        if item.split not in SPLITS:
            raise ConfigError(f"{dataset}: found split {item.split!r} for {item.path!r}, expected one of {SPLITS}")
    return items


def _rate(published: float | None, rates: set[float]) -> float | None:
    """What is known of the data set, else the rate that all files state, else None."""
    return published if published is not None else next(iter(rates)) if len(rates) == 1 else None


def _reason(error: KinesecError, root: Path) -> str:
    """The error without where the files lie here: two machines must write the same store."""
    if isinstance(error, BadFile):
        return f"line {error.line}: found {error.found}, expected {error.expected}"
    return str(error).replace(f"{root}/", "")


def _bodies(module: ModuleType | DataSet, root: Path, item: Item, settings: Settings) -> tuple[tuple[Motion, ...], str]:
    """A file's motions and its sha256; raises ``BadFile`` also for a file that cannot be opened."""
    path = root / item.path
    try:
        motions = tuple(module.read(root, item, settings))
        digest = sha256_of(path)
    except OSError as error:
        raise BadFile(path, 0, error.strerror or str(error), "a file that can be read") from error
    if not motions:
        raise BadFile(path, 0, "no bodies", "at least one")
    return motions, digest


def _write(
    module: ModuleType | DataSet,
    root: Path,
    items: list[Item],
    settings: Settings,
    out: Path,
    *,
    dataset: str,
    skip: bool,
    rotations: bool,
) -> list[dict[str, str]]:
    """Writes the store and returns what was left out."""
    left_out: list[dict[str, str]] = []
    with Writer(out, MOTIONS) as writer:
        sequences = Sequences(writer, rotations)
        for item in track(items, f"ingest {dataset}"):
            try:
                motions, digest = _bodies(module, root, item, settings)
                sequences.check(motions, root / item.path)
            except ConfigError:
                raise
            except KinesecError as error:
                if not skip:
                    raise
                left_out.append({"path": item.path, "reason": _reason(error, root)})
                continue
            for motion in motions:
                sequences.add(motion, item, digest)
        if sequences.first is None:
            raise KinesecError(
                f"{dataset}: found none of {len(items)} files that can be read; the first, {left_out[0]['path']}: "
                f"{left_out[0]['reason']}"
            )
        sequences.flush()
        writer.attrs |= {
            "skeleton": sequences.skeleton(),
            "dataset": dataset,
            "fps_published": _rate(module.INFO.fps_published, sequences.rates),
            "fps_measured": _rate(module.INFO.fps_measured, sequences.rates),
            "recording": sequences.recording(),
            "left_out": left_out,
        }
    return left_out


def ingest(
    module: ModuleType | DataSet,
    root: Path,
    files: Sequence[str],
    settings: Settings,
    out: Path,
    *,
    dataset: str,
    on_bad_file: Literal["stop", "skip"] = "stop",
    report: Callable[[str], None] | None = None,
) -> None:
    """Writes the recordings among ``files`` (paths under ``root``) to a store of kind ``motions`` at ``out``.

    ``module`` is a data set (``kinesec.sources.datasets``). Sequences stand in the order of their paths, so the store
    does not depend on the order of ``files``; all must have the same joints and tree, and may differ in bone
    lengths. With ``on_bad_file="skip"`` files that cannot be read, or have other joints than those before, are left
    out, and ``left_out`` of the store names them with the reason; ``report`` is called with a line for each.

    Raises ``BadFile`` for the first bad file with ``"stop"``, ``KinesecError`` when every file is bad, ``ConfigError``
    for settings that cannot be used; then there is no store.
    """
    if on_bad_file not in ("stop", "skip"):
        raise ConfigError(f"on_bad_file: found {on_bad_file!r}, expected stop or skip")
    items = _labelled(module, files, settings, dataset)
    skip = on_bad_file == "skip"
    try:
        left_out = _write(module, root, items, settings, out, dataset=dataset, skip=skip, rotations=True)
    except Mixed:
        # Rotations of some sequences alone would be of no use: the store is written again without.
        left_out = _write(module, root, items, settings, out, dataset=dataset, skip=skip, rotations=False)
    for omitted in left_out:
        (report or log.warning)(f"{dataset}: left out {omitted['path']}: {omitted['reason']}")


def ingest_receipt(
    data: Mapping[str, Any], *, receipt: Path, out: Path, name: str, on_bad_file: Literal["stop", "skip"]
) -> None:
    """Ingests the files that a receipt names; see ``ingest``."""
    content = json.loads(receipt.read_text())
    ingest(
        names.load("sources.datasets", data["module"]),
        Path(content["folder"]),
        list(content["files"]),
        data["settings"],
        out,
        dataset=name,
        on_bad_file=on_bad_file,
    )
