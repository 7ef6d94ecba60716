"""Zarr v3 stores between rules: one schema a kind, checked on write and on read, hashed, never half-written.

A store is written to a hidden sibling, hashed, consolidated and renamed, so ``<name>.zarr/zarr.json`` (a rule's
declared output) exists only when everything beside it does. ``attrs["content_sha256"]`` covers every array and
attribute and does not depend on chunking, so an identical rebuild has an identical hash. It is taken of what is
appended, on the way to the disk, so ``verify`` also finds what the disk did to it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import xarray as xr
import zarr
from zarr.codecs import BloscCodec

from kinesec.files.errors import StoreError
from kinesec.files.schema import Kind

CHUNK_BYTES = 2**22
HASH_BYTES = 2**24
# Each of zarr's threads keeps what it freed to itself: a stage's peak grew by 90 MB with six of them, by 33 with two
if zarr.config.get("threading.max_workers") is None:
    zarr.config.set({"threading.max_workers": 2})
# What zarr, its codecs and JSON raise for damaged files
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError)


def _check(kind: Kind, name: str, array: Any, path: Path) -> None:
    schema = kind.arrays.get(name)
    if schema is None:
        raise StoreError(
            f"{path}: array {name!r}: found one, expected those of kind {kind.name!r}: {sorted(kind.arrays)}"
        )
    dtype = "str" if array.dtype.kind in "OTU" else str(array.dtype)
    if dtype != schema.dtype:
        raise StoreError(f"{path}: array {name!r}: found dtype {dtype}, expected {schema.dtype}")
    if array.ndim != len(schema.dims):
        raise StoreError(f"{path}: array {name!r}: found shape {tuple(array.shape)}, expected dims {schema.dims}")


def _check_complete(kind: Kind, sizes: Mapping[str, tuple[int, ...]], attrs: Mapping[str, Any], path: Path) -> None:
    for name, schema in kind.arrays.items():
        if schema.required and name not in sizes:
            raise StoreError(f"{path}: array {name!r}: found none, expected one in a store of kind {kind.name!r}")
    known: dict[str, tuple[int, str]] = {}
    for name, shape in sizes.items():
        for dim, size in zip(kind.arrays[name].dims, shape, strict=True):
            first = known.setdefault(dim, (size, name))
            if first[0] != size:
                raise StoreError(
                    f"{path}: dim {dim!r}: found {size} in {name!r}, expected {first[0]} as in {first[1]!r}"
                )
    for key in kind.attrs:
        if key not in attrs:
            raise StoreError(f"{path}: attribute {key!r}: found none, expected one in a store of kind {kind.name!r}")


class Writer:
    """Writes a store piece by piece along each array's first dim, in bounded memory.

    Used in a ``with`` block: leaving it normally puts the store in place, leaving it by an error leaves nothing.
    Raises ``StoreError`` when an array or attribute does not follow the kind's schema.
    """

    def __init__(self, path: str | Path, kind: Kind, attrs: Mapping[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.kind = kind
        self.attrs: dict[str, Any] = dict(attrs or {})
        self._part = self.path.with_name(f".{self.path.name}.part")

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._part, ignore_errors=True)
        self._group = zarr.open_group(self._part, mode="w", zarr_format=3)
        self._arrays: dict[str, zarr.Array[Any]] = {}
        self._pending: dict[str, list[np.ndarray]] = {}
        self._digests: dict[str, hashlib._Hash] = {}
        return self

    def append(self, **arrays: np.ndarray) -> None:
        """Adds rows to arrays along their first dim; whole chunks go to disk, the rest waits."""
        for name, value in arrays.items():
            array = np.asarray(value)
            if array.dtype.kind in "OU":
                array = array.astype(np.dtypes.StringDType())
            _check(self.kind, name, array, self.path)
            if name not in self._arrays:
                self._arrays[name] = self._create(name, array)
                self._pending[name] = []
                self._digests[name] = hashlib.sha256()
            row = self._arrays[name].shape[1:]
            if array.shape[1:] != row:
                raise StoreError(f"{self.path}: array {name!r}: found rows {array.shape[1:]}, expected {row} as before")
            self._digests[name].update(_bytes(array))
            self._pending[name].append(array)
            rows = self._arrays[name].chunks[0]
            if sum(len(piece) for piece in self._pending[name]) >= rows:
                self._flush(name, rows)

    def _create(self, name: str, array: np.ndarray) -> zarr.Array[Any]:
        text = array.dtype.kind == "T"
        row = 64 if text else max(1, int(np.prod(array.shape[1:])) * array.dtype.itemsize)
        return self._group.create_array(
            name,
            shape=(0, *array.shape[1:]),
            chunks=(max(1, CHUNK_BYTES // row), *array.shape[1:]),
            dtype=str if text else array.dtype,
            compressors="auto" if text else BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"),
            dimension_names=self.kind.arrays[name].dims,
        )

    def _flush(self, name: str, rows: int) -> None:
        pieces = self._pending[name]
        waiting = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        whole = len(waiting) // rows * rows
        if whole:
            self._arrays[name].append(waiting[:whole])
        self._pending[name] = [waiting[whole:]] if whole < len(waiting) else []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            shutil.rmtree(self._part, ignore_errors=True)

    def _finish(self) -> None:
        for name in self._arrays:
            if self._pending[name]:
                self._flush(name, 1)
        _check_complete(self.kind, {name: array.shape for name, array in self._arrays.items()}, self.attrs, self.path)
        self._group.attrs.update({"kind": self.kind.name, **self.attrs})
        self._group.attrs["content_sha256"] = _content(
            self.attrs | {"kind": self.kind.name}, self._arrays, {n: d.hexdigest() for n, d in self._digests.items()}
        )
        with warnings.catch_warnings():  # zarr-python reads what it consolidates; only other libraries may not
            warnings.filterwarnings("ignore", message="Consolidated metadata", category=UserWarning)
            zarr.consolidate_metadata(self._part)
        shutil.rmtree(self.path, ignore_errors=True)  # Snakemake has made an empty folder for the declared output
        self._part.rename(self.path)


def write(path: str | Path, kind: Kind, arrays: Mapping[str, np.ndarray], attrs: Mapping[str, Any]) -> None:
    """Writes a whole store at once; see ``Writer``."""
    with Writer(path, kind, attrs) as writer:
        writer.append(**arrays)


def read(path: str | Path, kind: Kind) -> xr.Dataset:
    """Opens a store lazily, as named arrays; raises ``StoreError`` when it does not follow the kind's schema."""
    path = Path(path)
    if not (path / "zarr.json").is_file():
        raise StoreError(f"{path}: found no zarr.json, expected a store of kind {kind.name!r}; rebuild it")
    try:
        dataset: xr.Dataset = xr.open_zarr(path, consolidated=True, chunks=None)
    except _UNREADABLE as error:
        raise StoreError(f"{path}: found metadata that cannot be read ({_line(error)}); rebuild it") from error
    if dataset.attrs.get("kind") != kind.name:
        raise StoreError(f"{path}: found a store of kind {dataset.attrs.get('kind')!r}, expected {kind.name!r}")
    for name, array in dataset.variables.items():
        _check(kind, str(name), array, path)
        expected = kind.arrays[str(name)].dims
        if array.dims != expected:
            raise StoreError(f"{path}: array {name!r}: found dims {array.dims}, expected {expected}")
    _check_complete(kind, {str(n): a.shape for n, a in dataset.variables.items()}, dataset.attrs, path)
    return dataset


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _bytes(array: np.ndarray) -> bytes | memoryview:
    if array.dtype.kind in "OTU":
        return "".join(f"{len(text)}:{text}" for text in map(str, array.ravel())).encode()
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _values_sha256(array: zarr.Array[Any]) -> str:
    digest = hashlib.sha256()
    rows = array.chunks[0] * max(1, HASH_BYTES // CHUNK_BYTES)
    for first in range(0, array.shape[0], rows):
        digest.update(_bytes(np.asarray(array[first : first + rows])))
    return digest.hexdigest()


def _content(attrs: Mapping[str, Any], arrays: Mapping[str, zarr.Array[Any]], values: Mapping[str, str]) -> str:
    described = {
        name: [list(array.shape), "str" if array.dtype.kind in "OTU" else str(array.dtype), values[name]]
        for name, array in arrays.items()
    }
    as_stored = json.loads(json.dumps([attrs, described]))
    return hashlib.sha256(json.dumps(as_stored, sort_keys=True).encode()).hexdigest()


def content_sha256(path: str | Path) -> str:
    """The hash of a store's attributes and arrays (name, shape, dtype, hash of the values), in bounded memory."""
    group = zarr.open_group(Path(path), mode="r", use_consolidated=False)
    attrs = {key: value for key, value in group.attrs.asdict().items() if key != "content_sha256"}
    arrays = dict(group.arrays())
    return _content(attrs, arrays, {name: _values_sha256(array) for name, array in arrays.items()})


def verify(path: str | Path) -> None:
    """Raises ``StoreError`` when a store's content is not what its ``content_sha256`` says."""
    try:
        recorded = zarr.open_group(Path(path), mode="r").attrs.asdict().get("content_sha256")
        content = content_sha256(path)
    except _UNREADABLE as error:
        raise StoreError(f"{path}: found content that cannot be read ({_line(error)}); rebuild it") from error
    if content != recorded:
        raise StoreError(
            f"{path}: found content {content[:12]}, expected {str(recorded)[:12]}; it was altered: rebuild it"
        )
