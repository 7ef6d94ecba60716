from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinesec import names
from kinesec.files import store
from kinesec.files.errors import StoreError
from kinesec.files.kinds.motions import MOTIONS
from kinesec.files.kinds.windows import WINDOWS
from kinesec.files.schema import Kind, load

Arrays = dict[str, np.ndarray]
KINDS = [load(name) for name in names.available("files.kinds")]
SIZES = {"body": 2, "clip": 5, "frame": 9, "joint": 4, "sample": 5, "sequence": 5, "window": 6, "wxyz": 4, "xyz": 3}
SIZES |= {"measure": 2, "other": 4, "point": 4, "view": 3, "height": 7, "width": 6, "channel": 3}
WORDS = ("a", "größer", "歩く")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


def same(actual: np.ndarray, expected: np.ndarray) -> bool:
    if expected.dtype.kind in "OUT":
        return list(map(str, actual.ravel())) == list(map(str, expected.ravel()))
    return actual.dtype == expected.dtype and np.array_equal(actual, expected)


def make(kind: Kind, rng: np.random.Generator, sizes: dict[str, int] = SIZES, text: Sequence[str] = WORDS) -> Arrays:
    """Arrays of a kind, of these sizes by dim, drawn at random."""
    made: Arrays = {}
    for name, schema in kind.arrays.items():
        shape = tuple(sizes[dim] for dim in schema.dims)
        if schema.dtype == "str":
            made[name] = rng.choice(np.array(text, dtype=object), shape)
        elif schema.dtype == "bool":
            made[name] = rng.random(shape) < 0.5
        elif schema.dtype == "uint8":
            made[name] = rng.integers(0, 256, shape, np.uint8)
        else:
            made[name] = (100 * rng.standard_normal(shape)).astype(schema.dtype)
    return made


def attrs_of(kind: Kind) -> dict[str, Any]:
    return {name: {"of": [name, 1.5, None, "é"]} for name in kind.attrs}


def write(path: Path, kind: Kind, arrays: Arrays, **attrs: Any) -> Path:
    store.write(path, kind, arrays, attrs_of(kind) | attrs)
    return path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
class TestEveryKind:
    """What holds for stores of every kind, a new one's among them."""

    @pytest.fixture
    def arrays(self, kind: Kind) -> Arrays:
        return make(kind, np.random.default_rng(0))

    def test_round_trip(self, kind: Kind, tmp_path: Path, arrays: Arrays) -> None:
        stored = store.read(write(tmp_path / "a.zarr", kind, arrays, more=[1, 2]), kind)
        assert set(stored.variables) == set(arrays)
        for name, expected in arrays.items():
            assert same(stored[name].values, expected)
            assert stored[name].dims == kind.arrays[name].dims
        assert stored.attrs["more"] == [1, 2]
        assert {key: stored.attrs[key] for key in attrs_of(kind)} == attrs_of(kind)
        store.verify(tmp_path / "a.zarr")
        assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]

    def test_pieces_make_the_same_store(
        self, kind: Kind, tmp_path: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = write(tmp_path / "whole.zarr", kind, arrays)
        monkeypatch.setattr(store, "CHUNK_BYTES", 64)
        with store.Writer(tmp_path / "pieces.zarr", kind, attrs_of(kind)) as writer:
            for name, array in arrays.items():
                for first, last in ((0, 1), (1, 1), (1, 3), (3, None)):
                    writer.append(**{name: array[first:last]})
        store.verify(tmp_path / "pieces.zarr")
        stored = store.read(tmp_path / "pieces.zarr", kind)
        assert all(same(stored[name].values, array) for name, array in arrays.items())
        assert stored.attrs["content_sha256"] == store.read(whole, kind).attrs["content_sha256"]

    def test_a_rebuild_has_the_same_bytes(self, kind: Kind, tmp_path: Path, arrays: Arrays) -> None:
        first = write(tmp_path / "a.zarr", kind, arrays)
        bytes_of = {path.relative_to(first): path.read_bytes() for path in first.rglob("*") if path.is_file()}
        again = write(tmp_path / "b.zarr", kind, dict(reversed(arrays.items())))
        assert {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()} == bytes_of
        write(tmp_path / "a.zarr", kind, arrays)
        assert (first / "zarr.json").read_bytes() == bytes_of[Path("zarr.json")]

    def test_a_missing_array_is_named(self, kind: Kind, tmp_path: Path, arrays: Arrays) -> None:
        for name, schema in kind.arrays.items():
            less = {other: array for other, array in arrays.items() if other != name}
            if not schema.required:
                write(tmp_path / "less.zarr", kind, less)
                continue
            with pytest.raises(StoreError, match=rf"array '{name}': found none"):
                write(tmp_path / "bad.zarr", kind, less)
            assert not [path for path in tmp_path.iterdir() if "bad" in path.name]

    def test_a_missing_attribute_is_named(self, kind: Kind, tmp_path: Path, arrays: Arrays) -> None:
        for name in kind.attrs:
            less = {key: value for key, value in attrs_of(kind).items() if key != name}
            with pytest.raises(StoreError, match=rf"attribute '{name}': found none"):
                store.write(tmp_path / "bad.zarr", kind, arrays, less)
        assert not list(tmp_path.iterdir())

    def test_another_dtype_number_of_dims_or_size_is_named(self, kind: Kind, tmp_path: Path, arrays: Arrays) -> None:
        for name, array in arrays.items():
            wrong = array.astype(np.float16) if array.dtype.kind != "O" else np.zeros(array.shape)
            for change, message in (
                (wrong, rf"array '{name}': found dtype float"),
                (array[..., None], rf"array '{name}': found shape"),
            ):
                with pytest.raises(StoreError, match=message):
                    write(tmp_path / "bad.zarr", kind, arrays | {name: change})
        firsts = [schema.dims[0] for schema in kind.arrays.values()]
        name = next(n for n, schema in kind.arrays.items() if firsts.count(schema.dims[0]) > 1)
        with pytest.raises(StoreError, match=r"dim '\w+': found \d+ in '\w+', expected \d+ as in '\w+'"):
            write(tmp_path / "bad.zarr", kind, arrays | {name: arrays[name][:-1]})
        with pytest.raises(StoreError, match=r"array 'extra': found one, expected those of kind"):
            write(tmp_path / "bad.zarr", kind, arrays | {"extra": np.zeros(3)})
        assert not list(tmp_path.iterdir())

    def test_an_error_inside_leaves_nothing(self, kind: Kind, tmp_path: Path, arrays: Arrays) -> None:
        def stopped() -> None:
            with store.Writer(tmp_path / "a.zarr", kind) as writer:
                writer.append(**arrays)
                assert list(tmp_path.iterdir())
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            stopped()
        assert not list(tmp_path.iterdir())

    def test_an_error_leaves_the_store_before_it(self, kind: Kind, tmp_path: Path, arrays: Arrays) -> None:
        path = write(tmp_path / "a.zarr", kind, arrays)
        with pytest.raises(StoreError):
            store.write(path, kind, arrays, {})
        store.verify(path)

    def test_every_arrays_flipped_chunk_is_found(
        self, kind: Kind, tmp_path: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store, "CHUNK_BYTES", 1)  # a row a chunk: every byte of it is content
        # zeros alone are no chunk
        two = {name: array[:2] | True if array.dtype == bool else array[:2] for name, array in arrays.items()}
        path = write(tmp_path / "a.zarr", kind, two)
        chunks = [min(file for file in (path / name / "c").rglob("*") if file.is_file()) for name in arrays]
        for chunk in chunks:
            before = chunk.read_bytes()
            altered = bytearray(before)
            altered[-1] ^= 0x10
            chunk.write_bytes(altered)
            with pytest.raises(StoreError, match="rebuild it") as raised:
                store.verify(path)
            assert "\n" not in str(raised.value)
            chunk.write_bytes(before)
        store.verify(path)
        chunks[0].unlink()
        with pytest.raises(StoreError, match="altered: rebuild it"):
            store.verify(path)

    def test_a_changed_attribute_is_found(self, kind: Kind, tmp_path: Path, arrays: Arrays) -> None:
        path = write(tmp_path / "a.zarr", kind, arrays)
        zarr.open_group(path, mode="r+", use_consolidated=False).attrs[kind.attrs[0]] = "altered"
        with pytest.raises(StoreError, match="altered: rebuild it"):
            store.verify(path)

    def test_reading_checks_the_schema(self, kind: Kind, tmp_path: Path, arrays: Arrays) -> None:
        path = write(tmp_path / "a.zarr", kind, arrays)
        name = kind.attrs[0]
        required = next(n for n, schema in kind.arrays.items() if schema.required)

        def damaged(change: Any) -> Path:
            shutil.rmtree(tmp_path / "b.zarr", ignore_errors=True)
            shutil.copytree(path, tmp_path / "b.zarr")
            file = tmp_path / "b.zarr" / "zarr.json"
            content = json.loads(file.read_text())
            change(content, content["consolidated_metadata"]["metadata"])
            file.write_text(json.dumps(content))
            return tmp_path / "b.zarr"

        cases: dict[str, Any] = {
            rf"attribute '{name}': found none": lambda root, arrays: root["attributes"].pop(name),
            rf"array '{required}': found none": lambda root, arrays: arrays.pop(required),
            r"array 'strange': found one": lambda root, arrays: arrays.update(strange=arrays.pop(required)),
            rf"array '{required}': found dims": lambda root, arrays: arrays[required]["dimension_names"].__setitem__(
                0, "q"
            ),
            rf"array '{required}': found dtype": lambda root, arrays: arrays[required].update(
                data_type="int8", fill_value=0
            ),
            "found a store of kind 'other'": lambda root, arrays: root["attributes"].update(kind="other"),
            "metadata that cannot be read": lambda root, arrays: root.update(zarr_format="x"),
        }
        for message, change in cases.items():
            with pytest.raises(StoreError, match=message) as raised:
                store.read(damaged(change), kind)
            assert "\n" not in str(raised.value)
            assert str(tmp_path / "b.zarr") in str(raised.value)

    @given(data=st.data())
    @settings(max_examples=8, suppress_health_check=list(HealthCheck))
    def test_any_sizes_and_texts_come_back(self, kind: Kind, tmp_path: Path, data: st.DataObject) -> None:
        sizes = {dim: data.draw(st.integers(0, 5), dim) for dim in SIZES}
        sizes |= {dim: size for dim, size in SIZES.items() if dim in ("xyz", "wxyz")}
        text = data.draw(st.lists(TEXT, min_size=1, max_size=4))
        arrays = make(kind, np.random.default_rng(data.draw(st.integers(0, 99))), sizes, text)
        path = write(tmp_path / "a.zarr", kind, arrays)
        store.verify(path)
        stored = store.read(path, kind)
        assert all(same(stored[name].values, array) for name, array in arrays.items())


def test_rows_of_another_shape_are_refused(tmp_path: Path) -> None:
    def mixed() -> None:
        with store.Writer(tmp_path / "a.zarr", MOTIONS) as writer:
            writer.append(position=np.zeros((2, 4, 3), np.float32))
            writer.append(position=np.zeros((2, 5, 3), np.float32))

    with pytest.raises(StoreError, match=r"array 'position': found rows \(5, 3\), expected \(4, 3\) as before"):
        mixed()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"{}"])
def test_torn_metadata_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(StoreError, match=r"found no zarr\.json"):
        store.read(tmp_path / "a.zarr", MOTIONS)
    (tmp_path / "a.zarr" / "zarr.json").write_bytes(content)
    for use in (lambda: store.read(tmp_path / "a.zarr", MOTIONS), lambda: store.verify(tmp_path / "a.zarr")):
        with pytest.raises(StoreError, match="rebuild it") as raised:
            use()
        assert "\n" not in str(raised.value)


def test_length_prefixes_keep_texts_apart(tmp_path: Path) -> None:
    hashes = set()
    for texts in (["ab", "c"], ["a", "bc"], ["abc", ""], ["1:a", ""]):
        arrays = make(WINDOWS, np.random.default_rng(0), SIZES | {"sequence": 2})
        write(tmp_path / "a.zarr", WINDOWS, arrays | {"source": np.array(texts)})
        hashes.add(store.content_sha256(tmp_path / "a.zarr"))
    assert len(hashes) == 4
