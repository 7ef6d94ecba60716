"""Progress of long work: a bar on a terminal, else a plain line now and then, as a rule's log wants it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import NoReturn, Self, TextIO, TypeVar

from tqdm import tqdm

T = TypeVar("T")


def _rate(amount: float, unit: str) -> str:
    if unit == "B":
        return f"{amount / 1e6:.1f} MB"
    return f"{amount:.3g} {unit}".rstrip() if amount < 100 else f"{amount:.0f} {unit}".rstrip()


class Progress:
    """Counts done work and shows it with its rate and the time left; used in a ``with`` block.

    ``total`` is None when it is not known; ``unit`` is ``B`` for bytes; without ``show`` it only counts. Away from a
    terminal a line is written to ``stream`` (stderr by default) when ``every`` seconds have passed since the last, and
    one at the end.
    """

    def __init__(
        self,
        what: str,
        total: int | None = None,
        *,
        unit: str = "",
        every: float = 10.0,
        show: bool = True,
        stream: TextIO | None = None,
    ) -> None:
        self.what, self.total, self.unit, self.every, self.show = what, total, unit, every, show
        self.count = 0
        self._stream = sys.stderr if stream is None else stream
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> Self:
        self._begin = self._last = time.monotonic()
        if self.show and self._stream.isatty():
            self._bar = tqdm(
                desc=self.what,
                total=self.total,
                unit=self.unit or "it",
                unit_scale=self.unit == "B",
                file=self._stream,
                dynamic_ncols=True,
            )
        return self

    def update(self, amount: int = 1) -> None:
        """Adds ``amount`` to the count; a negative one takes back work to be repeated."""
        self.count += amount
        if self._bar is not None:
            self._bar.update(amount)
        elif self.show and time.monotonic() - self._last >= self.every:
            self._last = time.monotonic()
            self._write()

    def _write(self, ended: bool = False) -> None:
        spent = time.monotonic() - self._begin
        rate = self.count / spent if spent > 0 else 0.0
        of = "" if self.total is None else f" of {_rate(self.total, self.unit)}"
        left = ""
        if not ended and rate > 0 and self.total is not None:
            left = f", {(self.total - self.count) / rate:.0f} s left"
        line = f"{self.what}: {_rate(self.count, self.unit)}{of} in {spent:.0f} s, {_rate(rate, self.unit)}/s{left}"
        print(line, file=self._stream, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self.show:
            self._write(ended=True)


def track(
    iterable: Iterable[T], what: str, total: int | None = None, *, every: float = 10.0, stream: TextIO | None = None
) -> Iterator[T]:
    """The items of ``iterable``, with its progress shown as ``Progress`` shows it."""
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    with Progress(what, total, every=every, stream=stream) as progress:
        for item in iterable:
            yield item
            progress.update()
