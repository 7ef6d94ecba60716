"""The page's Content-Security-Policy: no request leaves the page, and no script runs but those that it names."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from kinesec.errors import KinesecError


def policy(scripts: Sequence[str]) -> str:
    """The policy of a page with these inline scripts, each allowed by the hash of its very text.

    Images are read beside the page: from a disk (``file:``) or from where the page is served (``'self'``). Raises
    ``KinesecError`` for a script that would end its own element.
    """
    for script in scripts:
        if "</script" in script.lower() or "<!--" in script:
            raise KinesecError("report: found `</script` or `<!--` in a script, expected neither; split the string")
    allowed = " ".join(f"'{digest(script)}'" for script in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src 'self' file:; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """What a policy calls an inline script or style by: the SHA-256 of its text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
