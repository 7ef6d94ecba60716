"""Adversarial clips are cut into shards, written, and gathered as they were; what does not belong is one clear line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attack_stores import Case, make_case, make_search
from hypothesis import given
from hypothesis import strategies as st

from kinesec.errors import ConfigError, KinesecError
from kinesec.files.kinds.adversarial import ADVERSARIAL
from kinesec.samples.adversarial import QUERY_GRID, gather, shard_of, spread, write


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("case"))


@given(st.integers(0, 60), st.integers(1, 20))
def test_shards_hold_each_clip_once(count: int, shards: int) -> None:
    parts = [shard_of(f"{shard}of{shards}", count) for shard in range(1, shards + 1)]
    assert np.concatenate(parts).tolist() == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("shard", ["0of4", "5of4", "1", "1of0", "oneoftwo", "1 of 4"])
def test_a_wrong_shard_is_one_clear_line(shard: str) -> None:
    with pytest.raises(ConfigError, match=r"^shard: found .*, expected one such as 1of4$"):
        shard_of(shard, 9)


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(1, 45))
def test_a_limit_is_spread_over_classes(label: list[int], limit: int) -> None:
    labels = np.array(label, dtype=int)
    chosen = spread(labels, limit)
    assert len(chosen) == min(limit, len(labels))
    assert (np.diff(chosen) > 0).all()
    there, kept = (np.bincount(some, minlength=5) for some in (labels, labels[chosen]))
    wanting = [count for count, most in zip(kept, there, strict=True) if count < most]
    assert all(count <= min(wanting, default=count) + 1 for count in kept)
    assert spread(labels, None).tolist() == list(range(len(labels)))


def test_what_is_written_is_gathered(case: Case, tmp_path: Path) -> None:
    gathered = gather(case.write(tmp_path / "cut", 5, rows=[4, 9]), case.clips)
    assert gathered.row.tolist() == case.clips.row[[4, 9]].tolist()
    shard = tmp_path / "shard1of1.zarr"
    first_success = np.arange(2)
    write(shard, replace(gathered, position=gathered.position.astype(float), first_success=first_success))
    again = gather([shard], case.clips)
    assert again.search is gathered.search is None
    for name in set(ADVERSARIAL.arrays) - set(vars(make_search(case))):
        expected = first_success if name == "first_success" else getattr(gathered, name)
        assert getattr(again, name).tobytes() == expected.tobytes()
    assert again.attrs == gathered.attrs


def test_a_search_is_written_and_gathered_from_any_shards(case: Case, tmp_path: Path) -> None:
    search = make_search(case)
    gathered = gather(case.write(tmp_path / "cut", 5, search=search), case.clips)
    write(tmp_path / "shard1of1.zarr", gathered)
    again = gather([tmp_path / "shard1of1.zarr"], case.clips)
    for of in (gathered.search, again.search):
        assert of is not None
        for name, values in vars(search).items():
            assert getattr(of, name).tobytes() == values.tobytes(), name


def test_queries_are_counted_closely_at_first() -> None:
    assert QUERY_GRID.dtype == np.int64
    assert (np.diff(QUERY_GRID) > 0).all()
    assert {25, 500, 600, 1000, 2000, 5000, 6000, 50000} <= set(QUERY_GRID.tolist())
    assert QUERY_GRID[[0, -1]].tolist() == [25, 50000]


def mixed(case: Case, folder: Path, **changes: Any) -> list[Path]:
    """Two shards of which the second is of another attack."""
    return [case.write(folder / "first", 2)[0], case.write(folder / "second", 2, **changes)[1]]


def moved(case: Case, folder: Path, clip: int, body: int, value: float) -> list[Path]:
    """One coordinate of one clip is what no attack may make of it."""
    position = case.position.copy()
    position[clip, body, 3, 2, 1] = value
    return replace(case, position=position).write(folder)


def of_one_body(case: Case) -> int:
    return int(np.flatnonzero(case.clips.bodies == 1)[0])


def searched(case: Case, folder: Path, **changes: Any) -> list[Path]:
    """A shard without what a hard-label attack says beside one with it; or both with ``changes`` to that."""
    search = make_search(case)
    if changes:
        return case.write(folder, search=replace(search, **changes))
    return [case.write(folder / "first", 2)[0], case.write(folder / "second", 2, search=search)[1]]


def short(case: Case, folder: Path) -> list[Path]:
    return replace(case, position=case.position[:, :, :20]).write(folder)


def of_another_kind(case: Case, folder: Path) -> list[Path]:
    return [shutil.copytree(case.clips_path, folder / "shard1of1.zarr")]


UNFIT: dict[str, Callable[[Case, Path], list[Path]]] = {
    "found strategy SA, expected AB as in": partial(mixed, strategy="SA"),
    "found seed 1, expected 0 as in": partial(mixed, seed=1),
    "found settings": partial(mixed, settings={"reduction": "sum"}),
    "found model_sha256": partial(mixed, model_sha256="f" * 64),
    "found no shard, expected one or more": lambda case, folder: [],
    "found no shard 2 of 3, expected every shard once": lambda case, folder: case.write(folder, 3)[::2],
    "found shard 1 of 3 twice": lambda case, folder: [*case.write(folder, 3), folder / "shard1of3.zarr"],
    r"cuts in \[2, 3\]": lambda case, folder: [case.write(folder, 3)[0], case.write(folder, 2)[1]],
    r"found clip \d+ in two shards": partial(Case.write, rows=[0, 1, 1]),
    "towards class -1, expected a wrong class": partial(Case.write, strategy="SA"),
    r"found clips \(2, 20, 6, 3\), expected \(2, 24, 6, 3\)": short,
    r"clip \d+ attacked with a value that is not finite": partial(moved, clip=7, body=0, value=np.nan),
    r"clip \d+ moved where no body is": lambda case, folder: moved(case, folder, of_one_body(case), 1, 0.5),
    "found boundary_l in some shards": searched,
    "found trace_l of 2 points, expected": lambda case, folder: searched(
        case, folder, trace_l=np.zeros((len(case.clips), 2))
    ),
    "found a store of kind 'clips', expected 'adversarial'": of_another_kind,
}


@pytest.mark.parametrize("message", UNFIT)
def test_unfit_shards_are_one_clear_line(message: str, case: Case, tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match=message) as error:
        gather(UNFIT[message](case, tmp_path), case.clips)
    assert "\n" not in str(error.value)
