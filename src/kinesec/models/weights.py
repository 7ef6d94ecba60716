"""Weights as files: safetensors, without pickle, with what it takes to build the network again as metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from kinesec.errors import KinesecError

_UNUSABLE = (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError, AttributeError, KinesecError)


def write(path: Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Writes a file that is there as a whole or not at all."""
    part = path.with_suffix(".part")
    save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, part, {"meta": json.dumps(meta)})
    part.rename(path)


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the metadata of a file that ``write`` wrote; raises whatever a damaged one makes it raise."""
    with safe_open(path, framework="pt") as file:
        meta: dict[str, Any] = json.loads(file.metadata()["meta"])
        return {name: file.get_tensor(name) for name in file.keys()}, meta  # noqa: SIM118


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Raises one ``KinesecError`` that names the file for whatever goes wrong in building a model from it."""
    try:
        yield
    except _UNUSABLE as error:
        raise KinesecError(f"{path}: found no usable model ({line(error)}), expected one trained by kinesec") from error


def line(error: Exception) -> str:
    """An error's message as one line of bounded length."""
    return " ".join(str(error).split())[:200]
