"""The data sets of a run: where their raw files come from, how they are read, and by what code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinesec import names
from kinesec.plan.code_hash import file_hash


@dataclass(frozen=True, kw_only=True)
class Source:
    """A data set: its module of ``sources.datasets``, where its raw files are, and what is known of its motions.

    ``manifest`` is empty where there is none; ``folder`` is None but for the user's own copy.
    """

    module: str
    settings: Mapping[str, Any]
    folder: str | None
    manifest: str
    mirror_folder: str
    nominal_unit_mm: float | None
    root: str | None
    test_sampling: Mapping[str, Any]

    @property
    def generated(self) -> bool:
        """Whether code makes the raw files."""
        return not self.folder and not self.manifest

    def manifest_hash(self) -> str:
        """The hash of the manifest, so that an edit of it is a changed parameter."""
        return file_hash(self.manifest) if self.manifest else ""

    def own_files(self) -> list[str]:
        """The files of the user's own copy, as inputs: an edit of one reruns what is made from it."""
        if self.folder is None:
            return []
        files = (path for path in Path(self.folder).rglob("*") if path.is_file())
        return sorted(str(path) for path in files if not path.name.startswith("."))

    def raw(self) -> dict[str, Any]:
        """What says where raw files come from; settings say so only where the files are generated."""
        return {
            "module": self.module,
            "folder": self.folder,
            "mirror_folder": self.mirror_folder,
            "settings": self.settings if self.generated else {},
        }

    def recordings(self) -> dict[str, Any]:
        """What says how raw files are labelled, split and read."""
        return {"module": self.module, "settings": self.settings}

    def code(self) -> str:
        """The data set's module, by its name in kinesec."""
        return f"sources.datasets.{self.module}"

    def recordings_code(self) -> list[str]:
        """The modules that read the files; ``folder`` picks its reader by name, so all readers are its code."""
        readers = names.available("sources.readers") if self.module == "folder" else []
        return [self.code(), *(f"sources.readers.{name}" for name in readers)]


def source(checked: Mapping[str, Any]) -> Source:
    """The data set that ``configuration.data_set`` checked."""
    return Source(
        module=checked["module"],
        settings=checked["settings"],
        folder=checked["folder"],
        manifest=checked["manifest"] or "",
        mirror_folder=checked["mirror_folder"],
        nominal_unit_mm=checked["nominal_unit_mm"],
        root=checked["root"],
        test_sampling=checked["test_sampling"],
    )
