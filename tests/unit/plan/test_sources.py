from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kinesec.plan.code_hash import file_hash
from kinesec.plan.run import Plan
from kinesec.plan.sources import Source


@pytest.fixture
def generated(whole: Plan) -> Source:
    return whole.sources["a"]


def test_settings_make_raw_files_only_where_these_are_generated(generated: Source, tmp_path: Path) -> None:
    manifest = tmp_path / "files.csv"
    manifest.write_text("file\n")
    fetched = replace(generated, manifest=str(manifest))
    assert generated.raw()["settings"] == generated.recordings()["settings"] == fetched.recordings()["settings"]
    assert (generated.generated, fetched.generated) == (True, False)
    assert fetched.raw()["settings"] == {}
    assert (generated.manifest_hash(), fetched.manifest_hash()) == ("", file_hash(manifest))


def test_ones_own_files_are_inputs_but_for_hidden_ones(generated: Source, tmp_path: Path) -> None:
    for name in ("b.bvh", "deep/a.bvh", ".index"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    from_folder = replace(generated, folder=str(tmp_path))
    assert from_folder.own_files() == [str(tmp_path / "b.bvh"), str(tmp_path / "deep/a.bvh")]
    assert generated.own_files() == []
    assert not from_folder.generated


def test_a_folder_has_every_reader_among_its_code(generated: Source) -> None:
    assert generated.recordings_code() == ["sources.datasets.procedural"]
    code: list[Any] = replace(generated, module="folder").recordings_code()
    assert {"sources.datasets.folder", "sources.readers.bvh", "sources.readers.c3d"} <= set(code)
