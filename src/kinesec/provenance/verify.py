"""Whether results are still what the jobs that made them recorded: every file and store against its certificate.

Found are: what was altered since, what is missing, what cannot be read, what no certificate speaks of, and what was
made from an input that was made again (or edited together with its certificate) since.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.hashing import sha256_of
from kinesec.progress import track
from kinesec.provenance.certificates import SUFFIX, Facts, beside, fingerprint, identity, raw_files

REBUILD = "delete it and run the workflow again"
# Unfinished trainings, which go on from there and remove it
UNFINISHED = "checkpoints"


@dataclass(frozen=True)
class Verified:
    """How many outputs of how many jobs were looked at, and one line for each thing that is not as recorded."""

    jobs: int
    outputs: int
    problems: tuple[str, ...]

    def summary(self, folder: str | Path) -> str:
        """One line for people."""
        looked = f"{self.outputs} outputs of {self.jobs} jobs under {folder}"
        if self.problems:
            return f"{looked}: {len(self.problems)} problem{'s' if len(self.problems) > 1 else ''} found"
        return f"{looked}: all as recorded"


@dataclass
class _Found:
    """What a folder holds, paths as they were given."""

    certificates: list[Path] = field(default_factory=list)
    outputs: list[Path] = field(default_factory=list)  # a store is its zarr.json


def _fail(error: OSError) -> NoReturn:
    raise KinesecError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _walk(folder: Path) -> _Found:
    """Hidden files are passed over (Snakemake's, and stores that are being written), so is the inside of stores."""
    walked = _Found()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=_fail):
        here = Path(place)
        stores = {name for name in folders if name.endswith(".zarr") and not name.startswith(".")}
        walked.outputs.extend(here / name / "zarr.json" for name in stores)
        hidden = {name for name in folders if name.startswith(".")}
        folders[:] = sorted({*folders} - stores - hidden - ({UNFINISHED} if here == folder else set()))
        for name in files:
            if not name.startswith("."):
                (walked.certificates if name.endswith(SUFFIX) else walked.outputs).append(here / name)
    return _Found(sorted(walked.certificates), sorted(walked.outputs))


def _root(certificate: Path, content: Mapping[str, Any]) -> Path:
    """The folder that a certificate's paths start from, wherever the results were moved; raises ``ValueError``."""
    parts = certificate.absolute().parts
    for output in content["outputs"]:
        tail = beside(output).parts
        if parts[-len(tail) :] == tail:
            return Path(*parts[: -len(tail)])
    raise ValueError("its outputs are elsewhere")


def _altered(path: Path, recorded: Mapping[str, Any]) -> str | None:
    """What is wrong with an output; None when it is what was recorded."""
    if not recorded:
        return "its certificate holds no hash of it; run its rule again to have it recorded"
    if path.name == "zarr.json":
        try:
            store.verify(path.parent)
        except KinesecError as error:
            return str(error).removeprefix(f"{path.parent}: ")
    try:
        now_is = fingerprint(path)
    except (OSError, ValueError, AttributeError) as error:
        return f"cannot be read ({' '.join(str(error).split())[:100]}); {REBUILD}"
    for name in ("content_sha256", "sha256", "bytes"):
        if now_is.get(name) != recorded.get(name):
            was, now = (str(facts.get(name))[:12] for facts in (recorded, now_is))
            return f"found {name} {now}, expected {was}; it was altered: {REBUILD}"
    return None


def _shown(path: Path) -> Path:
    return path.parent if path.name == "zarr.json" else path


class _Check:
    def __init__(self, folder: Path) -> None:
        self.walk = _walk(folder)
        self.contents: dict[Path, Facts] = {}
        self.recorded: dict[Path, Facts] = {}  # by absolute path
        self.raw: dict[Path, str] = {}

    def run(self) -> Iterator[str]:
        for certificate in self.walk.certificates:
            yield from self._read(certificate)
        here = {path.absolute(): path for path in self.walk.outputs}
        for path in track(sorted({*here, *self.recorded}), "verifying"):
            shown = here.get(path, _relative(path))
            if path not in here and not path.is_file():
                yield f"{_shown(shown)}: recorded, but not there; run the workflow again, or delete its certificate"
            elif path in self.recorded:
                wrong = _altered(path, self.recorded[path])
                if wrong:
                    yield f"{_shown(shown)}: {wrong}"
            elif path not in self.raw:
                yield f"{_shown(shown)}: no certificate records it; delete it, or run its rule again"
        yield from self._raw()
        yield from self._stale()

    def _read(self, certificate: Path) -> Iterator[str]:
        try:
            content = json.loads(certificate.read_text("utf-8"))
            if not isinstance(content["outputs"], dict) or not isinstance(content["inputs"], dict):
                raise ValueError("it is of an older kinesec and holds no hashes")
            if not all(isinstance(recorded, dict) for recorded in content["outputs"].values()):
                raise ValueError("its outputs have no hashes")
            root = _root(certificate, content)
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:150]
            yield f"{certificate}: cannot be used ({reason}); run its rule again"
            return
        content["root"] = root
        self.contents[certificate] = content
        for output, recorded in content["outputs"].items():
            path = root / output
            self.recorded[path] = recorded
            if path.name == "receipt.json" and path.is_file() and not _altered(path, recorded):
                self.raw |= {root / name: sha256 for name, sha256 in raw_files(path).items()}

    def _raw(self) -> Iterator[str]:
        for path, sha256 in track(sorted(self.raw.items()), "verifying raw files") if self.raw else ():
            if not path.is_file():
                yield f"{_relative(path)}: named by its receipt, but not there; run the workflow again"
                continue
            try:
                same = sha256_of(path) == sha256
            except OSError as error:
                yield f"{_relative(path)}: cannot be read ({error.strerror})"
                continue
            if not same:
                yield f"{_relative(path)}: found another sha256 than its receipt's; {REBUILD}"

    def _stale(self) -> Iterator[str]:
        for certificate, content in self.contents.items():
            for given, was in content["inputs"].items():
                now = identity(self.recorded.get(content["root"] / given, {}))
                if now and was and now != was:
                    made = str(certificate).removesuffix(SUFFIX)
                    yield (
                        f"{made}: was made from another {_shown(Path(given))} ({was[:12]}, now {now[:12]}); run the "
                        f"workflow again, or delete it"
                    )


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def verify(folder: str | Path) -> Verified:
    """Recomputes every hash under a folder of results (or of ``resources``: then raw files against their receipts).

    Raises ``KinesecError`` when there is no such folder, or nothing was recorded in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise KinesecError(f"{folder}: found no such folder, expected one of results; run the workflow first")
    check = _Check(folder)
    if not check.walk.certificates:
        raise KinesecError(f"{folder}: found no certificate (*{SUFFIX}), expected those of jobs that ran")
    problems = tuple(check.run())
    return Verified(len(check.contents), len(check.recorded), problems)
