"""Downloads that resume: the downloader that ``retrieve`` gives to pooch.

What has arrived is kept as ``<name>.part``, and the server's mark of that version (a strong ETag, or Last-Modified)
beside it, so that the next attempt, in this run or in a later one, asks for the rest alone: ``Range`` with ``If-Range``
(RFC 9110, sections 13.1.5 and 14.2). A server that has another version, or that ignores ranges, sends all of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import requests

from kinesec.files.hashing import sha256_of as sha256_of  # for those that still ask here
from kinesec.sources.errors import RetrieveError

BLOCK = 2**16
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


class _Retry(Exception):
    """An attempt failed in a way that another may mend."""


def _mark(response: requests.Response) -> str:
    """What If-Range may carry: a strong ETag, else a date; empty when the server gives neither."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


class Download:
    """Fetches one address into ``<file>.part`` in several attempts; a pooch downloader.

    ``size`` (bytes) is the file's known size: a longer answer is cut off at once. ``timeout`` (seconds) is how long the
    server may say nothing. ``wait`` (seconds) before the second attempt doubles with each one. ``arrived`` is called
    with the number of bytes that came, negative when they are thrown away.
    After a call ``sha256`` is that of what came, whatever it is.

    Raises ``RetrieveError`` naming the file, the address and the mend when the attempts are used up, or at once when
    the server refuses (404, 403 ...) or sends more than ``size``.
    """

    def __init__(
        self,
        file: Path,
        size: int,
        *,
        attempts: int,
        timeout: float,
        wait: float,
        arrived: Callable[[int], None],
    ) -> None:
        self.file, self.size, self.attempts, self.timeout, self.wait = file, size, attempts, timeout, wait
        self.arrived = arrived
        self.sha256 = ""
        self.part = file.with_name(f"{file.name}.part")
        self._note = file.with_name(f"{file.name}.part.json")

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        had = self._kept(url)[0]
        self.arrived(had)
        for attempt in range(1, self.attempts + 1):
            try:
                self._attempt(url)
                break
            except (_Retry, requests.RequestException, OSError) as error:
                if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
                    raise RetrieveError(f"{self.part}: cannot be written: {error.strerror or error}") from error
                if attempt == self.attempts:
                    raise self._gave_up(url, error) from error
                time.sleep(self.wait * 2 ** (attempt - 1))
        self.sha256 = sha256_of(self.part)
        self._note.unlink(missing_ok=True)
        self.part.replace(output_file)

    def _gave_up(self, url: str, error: Exception) -> RetrieveError:
        kept = self.part.stat().st_size if self.part.is_file() else 0
        cause = str(error) if isinstance(error, _Retry) else type(error).__name__
        return RetrieveError(
            f"{self.file}: {url}: {cause} in the last of {self.attempts} attempts, {kept} of {self.size} bytes are "
            f"kept; run again to go on, or name a copy as `mirror`"
        )

    def _kept(self, url: str) -> tuple[int, str]:
        """How many bytes an earlier attempt left, and their mark; (0, "") when they cannot be gone on with."""
        try:
            note = json.loads(self._note.read_text("utf-8"))
            size = self.part.stat().st_size
            if note["address"] == url and 0 < size <= self.size and isinstance(note["mark"], str) and note["mark"]:
                return size, note["mark"]
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return 0, ""

    def _attempt(self, url: str) -> None:
        have, mark = self._kept(url)
        if have == self.size and have:
            return
        # Without `identity` a server may compress, and then lengths and ranges are those of the compressed bytes.
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": mark}
        with requests.get(url, headers=headers, stream=True, timeout=self.timeout) as response:
            status = response.status_code
            if status in _TRANSIENT:
                raise _Retry(f"the server answered {status} {response.reason}")
            goes_on = status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            if status == 416 or (status == 206 and not goes_on):
                self._forget(have)
                raise _Retry(f"the server answered {status} with another range than asked for")
            if status not in (200, 206):
                raise RetrieveError(
                    f"{self.file}: {url}: the server answered {status} {response.reason}; correct the address in the "
                    f"manifest, or name a copy as `mirror`"
                )
            if not goes_on:
                self._forget(have)
                have = 0
            self._note.write_text(json.dumps({"address": url, "mark": _mark(response)}), "utf-8")
            self._store(url, response, have)

    def _store(self, url: str, response: requests.Response, have: int) -> None:
        with self.part.open("ab" if have else "wb") as file:
            for block in response.iter_content(BLOCK):
                have += len(block)
                if have > self.size:
                    file.close()
                    self._forget(have - len(block))
                    raise RetrieveError(
                        f"{self.file}: {url}: found more than the {self.size} bytes that the manifest expects; nothing "
                        f"was kept: the publisher changed it, or the manifest is wrong"
                    )
                file.write(block)
                self.arrived(len(block))
        # A server without Content-Length ends a cut-off answer like a whole one.
        if have < self.size and "Content-Length" not in response.headers:
            raise _Retry(f"the answer ended after {have} bytes")

    def _forget(self, have: int) -> None:
        self.arrived(-have)
        self.part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
