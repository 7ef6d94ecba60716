from __future__ import annotations

import json
import shutil
from abc import ABC, abstractmethod
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
from kinesec.files.kinds.adversarial import ADVERSARIAL
from kinesec.files.kinds.clips import CLIPS
from kinesec.files.kinds.motions import MOTIONS
from kinesec.files.kinds.poison import POISON
from kinesec.files.kinds.scenes import SCENES
from kinesec.files.kinds.windows import WINDOWS
from kinesec.files.schema import Kind, load

Arrays = dict[str, np.ndarray]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    if expected.dtype.kind in "OUT":
        return [str(one) for one in found.ravel()] == [str(one) for one in expected.ravel()]
    return found.dtype == expected.dtype and np.array_equal(found, expected)


class StoreTests(ABC):
    """What holds for stores of every kind; a subclass says what one of its kind holds."""

    kind: Kind

    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """A size for every dim of the kind."""

    @pytest.fixture
    def arrays(self) -> Arrays:
        return self.make(np.random.default_rng(0))

    def make(
        self, rng: np.random.Generator, sizes: dict[str, int] | None = None, text: list[str] | None = None
    ) -> Arrays:
        made: Arrays = {}
        sizes = self.sizes() | (sizes or {})
        for name, schema in self.kind.arrays.items():
            shape = tuple(sizes[dim] for dim in schema.dims)
            if schema.dtype == "str":
                made[name] = rng.choice(np.array(text or ["a", "größer", "歩く"], dtype=object), shape)
            elif schema.dtype == "bool":
                made[name] = rng.random(shape) < 0.5
            else:
                made[name] = (100 * rng.standard_normal(shape)).astype(schema.dtype)
        return made

    def attrs(self) -> dict[str, Any]:
        return {name: {"of": [name, 1.5, None, "é"]} for name in self.kind.attrs}

    def write(self, path: Path, arrays: Arrays, **attrs: Any) -> Path:
        store.write(path, self.kind, arrays, self.attrs() | attrs)
        return path

    def test_round_trip(self, tmp_path: Path, arrays: Arrays) -> None:
        found = store.read(self.write(tmp_path / "a.zarr", arrays, more=[1, 2]), self.kind)
        assert set(found.variables) == set(arrays)
        for name, expected in arrays.items():
            assert same(found[name].values, expected)
            assert found[name].dims == self.kind.arrays[name].dims
        assert found.attrs["more"] == [1, 2]
        assert {key: found.attrs[key] for key in self.attrs()} == self.attrs()
        store.verify(tmp_path / "a.zarr")
        assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]

    def test_pieces_make_the_same_store(self, tmp_path: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = self.write(tmp_path / "whole.zarr", arrays)
        monkeypatch.setattr(store, "CHUNK_BYTES", 64)
        with store.Writer(tmp_path / "pieces.zarr", self.kind, self.attrs()) as writer:
            for name, array in arrays.items():
                for first, last in ((0, 1), (1, 1), (1, 3), (3, None)):
                    writer.append(**{name: array[first:last]})
        store.verify(tmp_path / "pieces.zarr")
        found = store.read(tmp_path / "pieces.zarr", self.kind)
        assert all(same(found[name].values, array) for name, array in arrays.items())
        assert found.attrs["content_sha256"] == store.read(whole, self.kind).attrs["content_sha256"]

    def test_a_rebuild_has_the_same_bytes(self, tmp_path: Path, arrays: Arrays) -> None:
        first = self.write(tmp_path / "a.zarr", arrays)
        bytes_of = {path.relative_to(first): path.read_bytes() for path in first.rglob("*") if path.is_file()}
        again = self.write(tmp_path / "b.zarr", dict(reversed(arrays.items())))
        assert {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()} == bytes_of
        self.write(tmp_path / "a.zarr", arrays)
        assert (first / "zarr.json").read_bytes() == bytes_of[Path("zarr.json")]

    def test_a_missing_array_is_named(self, tmp_path: Path, arrays: Arrays) -> None:
        for name, schema in self.kind.arrays.items():
            less = {other: array for other, array in arrays.items() if other != name}
            if not schema.required:
                self.write(tmp_path / "less.zarr", less)
                continue
            with pytest.raises(StoreError, match=rf"array '{name}': found none"):
                self.write(tmp_path / "bad.zarr", less)
            assert not [path for path in tmp_path.iterdir() if "bad" in path.name]

    def test_a_missing_attribute_is_named(self, tmp_path: Path, arrays: Arrays) -> None:
        for name in self.kind.attrs:
            less = {key: value for key, value in self.attrs().items() if key != name}
            with pytest.raises(StoreError, match=rf"attribute '{name}': found none"):
                store.write(tmp_path / "bad.zarr", self.kind, arrays, less)
        assert not list(tmp_path.iterdir())

    def test_another_dtype_number_of_dims_or_size_is_named(self, tmp_path: Path, arrays: Arrays) -> None:
        for name, array in arrays.items():
            wrong = array.astype(np.float16) if array.dtype.kind != "O" else np.zeros(array.shape)
            for change, message in (
                (wrong, rf"array '{name}': found dtype float"),
                (array[..., None], rf"array '{name}': found shape"),
            ):
                with pytest.raises(StoreError, match=message):
                    self.write(tmp_path / "bad.zarr", arrays | {name: change})
        firsts = [schema.dims[0] for schema in self.kind.arrays.values()]
        name = next(n for n, one in self.kind.arrays.items() if firsts.count(one.dims[0]) > 1)
        with pytest.raises(StoreError, match=r"dim '\w+': found \d+ in '\w+', expected \d+ as in '\w+'"):
            self.write(tmp_path / "bad.zarr", arrays | {name: arrays[name][:-1]})
        with pytest.raises(StoreError, match=r"array 'extra': found one, expected those of kind"):
            self.write(tmp_path / "bad.zarr", arrays | {"extra": np.zeros(3)})
        assert not list(tmp_path.iterdir())

    def test_an_error_inside_leaves_nothing(self, tmp_path: Path, arrays: Arrays) -> None:
        def stopped() -> None:
            with store.Writer(tmp_path / "a.zarr", self.kind) as writer:
                writer.append(**arrays)
                assert list(tmp_path.iterdir())
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            stopped()
        assert not list(tmp_path.iterdir())

    def test_an_error_leaves_the_store_before_it(self, tmp_path: Path, arrays: Arrays) -> None:
        path = self.write(tmp_path / "a.zarr", arrays)
        with pytest.raises(StoreError):
            store.write(path, self.kind, arrays, {})
        store.verify(path)

    def test_every_arrays_flipped_chunk_is_found(
        self, tmp_path: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store, "CHUNK_BYTES", 1)  # a row a chunk: every byte of it is content
        two = {name: array[:2] for name, array in arrays.items()}
        path = self.write(tmp_path / "a.zarr", two)
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

    def test_a_changed_attribute_is_found(self, tmp_path: Path, arrays: Arrays) -> None:
        path = self.write(tmp_path / "a.zarr", arrays)
        zarr.open_group(path, mode="r+", use_consolidated=False).attrs[self.kind.attrs[0]] = "altered"
        with pytest.raises(StoreError, match="altered: rebuild it"):
            store.verify(path)

    def test_reading_checks_the_schema(self, tmp_path: Path, arrays: Arrays) -> None:
        path = self.write(tmp_path / "a.zarr", arrays)
        name = self.kind.attrs[0]
        required = next(n for n, one in self.kind.arrays.items() if one.required)

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
                store.read(damaged(change), self.kind)
            assert "\n" not in str(raised.value)
            assert str(tmp_path / "b.zarr") in str(raised.value)

    @given(data=st.data())
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    def test_any_sizes_and_texts_come_back(self, tmp_path: Path, data: st.DataObject) -> None:
        sizes = {dim: data.draw(st.integers(0, 5), dim) for dim in self.sizes()}
        sizes |= {dim: size for dim, size in self.sizes().items() if dim in ("xyz", "wxyz")}
        text = data.draw(st.lists(TEXT, min_size=1, max_size=4))
        arrays = self.make(np.random.default_rng(data.draw(st.integers(0, 99))), sizes, text)
        path = self.write(tmp_path / "a.zarr", arrays)
        store.verify(path)
        found = store.read(path, self.kind)
        assert all(same(found[name].values, array) for name, array in arrays.items())


class TestMotions(StoreTests):
    kind = MOTIONS

    def sizes(self) -> dict[str, int]:
        return {"frame": 7, "joint": 4, "xyz": 3, "wxyz": 4, "sequence": 5}


class TestWindows(StoreTests):
    kind = WINDOWS

    def sizes(self) -> dict[str, int]:
        return {"frame": 9, "joint": 4, "xyz": 3, "window": 6, "sequence": 4}


class TestPoison(StoreTests):
    kind = POISON

    def sizes(self) -> dict[str, int]:
        return {"window": 5, "frame": 4, "joint": 3, "xyz": 3}


class TestScenes(StoreTests):
    kind = SCENES

    def sizes(self) -> dict[str, int]:
        return {"sample": 5, "frame": 4, "joint": 3, "xyz": 3}


class TestClips(StoreTests):
    kind = CLIPS

    def sizes(self) -> dict[str, int]:
        return {"clip": 5, "body": 2, "frame": 4, "joint": 3, "xyz": 3, "sequence": 4}


class TestAdversarial(StoreTests):
    kind = ADVERSARIAL

    def sizes(self) -> dict[str, int]:
        return {"clip": 5, "body": 2, "frame": 4, "joint": 3, "xyz": 3}


def test_every_kind_is_tested() -> None:
    kinds = [load(name) for name in names.available("files.kinds")]
    assert sorted(one.kind.name for one in StoreTests.__subclasses__()) == sorted(kind.name for kind in kinds)


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
        tests = TestWindows()
        arrays = tests.make(np.random.default_rng(0), {"sequence": 2})
        tests.write(tmp_path / "a.zarr", arrays | {"source": np.array(texts)})
        hashes.add(store.content_sha256(tmp_path / "a.zarr"))
    assert len(hashes) == 4
