"""What every workflow script does around its one library call: logging, one-line errors, a birth certificate."""

from __future__ import annotations

import errno
import logging
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kinesec.errors import KinesecError
from kinesec.provenance import certificates

QUIET = "KINESEC_QUIET"  # set by a run whose console shows what went wrong and no more (plan.console)


class _Tee:
    """Writes to the terminal and to the rule's log; only the first is asked whether it is a terminal.

    A log that cannot be written, on a full disk, loses its lines to the terminal alone. ``quiet`` writes to the log.
    """

    def __init__(self, terminal: Any, log: Any, *, quiet: bool = False) -> None:
        self._terminal, self._log, self._quiet = terminal, log, quiet

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._log.write(text)
        return len(text) if self._quiet else int(self._terminal.write(text))

    def flush(self) -> None:
        self._terminal.flush()
        with suppress(OSError):
            self._log.flush()

    def isatty(self) -> bool:
        return not self._quiet and bool(self._terminal.isatty())

    def fileno(self) -> int:
        return int(self._terminal.fileno())


def _disk_full(error: BaseException | None) -> bool:
    """Whether no space on a disk, or in a quota, is behind an error; libraries wrap it, those in Rust as a text."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(f"(os error {number})" in str(error) for number in (errno.ENOSPC, errno.EDQUOT)):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def job(snakemake: Any) -> Iterator[Any]:
    """Runs a rule's script: its log, its threads, one line for a user's error, a ``*.run.json`` beside its output."""
    started = time.time()
    os.environ["OMP_NUM_THREADS"] = str(snakemake.threads)
    log = Path(snakemake.log[0])
    log.parent.mkdir(parents=True, exist_ok=True)
    file = log.open("w")
    terminal, quiet = sys.stderr, bool(os.environ.get(QUIET))
    loud = _Tee(terminal, file)
    sys.stderr = _Tee(terminal, file, quiet=quiet)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr, force=True)
    if quiet:
        warnings = logging.StreamHandler(terminal)
        warnings.setLevel(logging.WARNING)
        logging.getLogger().addHandler(warnings)
    logging.captureWarnings(True)
    try:
        certificates.withdraw(snakemake)
        yield snakemake
        certificates.write(snakemake, started)
    except KinesecError as error:
        print(f"error: {error}", file=loud)
        raise SystemExit(1) from None
    except Exception as error:
        if not _disk_full(error):
            with suppress(OSError):
                traceback.print_exc(file=file)  # the terminal gets it when the script ends
            raise
        place = Path(snakemake.output[0]).parent
        print(f"error: {place}: no space left on its disk; free some, then start again", file=loud)
        raise SystemExit(1) from None
    finally:
        sys.stderr.flush()
        sys.stderr = terminal
        with suppress(OSError):
            file.close()
