"""axe-core in the open page: what it finds of an impact that keeps people out."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

IMPACTS = ("serious", "critical")


def findings(browser: Any) -> list[str]:
    """Each serious or critical finding: its rule and the first elements that break it."""
    source = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    # through the protocol, which the page's policy does not bind; axe itself makes no request
    browser.value(f"{source}; undefined")
    results = browser.awaited("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {[node['html'][:120] for node in violation['nodes'][:3]]}"
        for violation in results["violations"]
        if violation["impact"] in IMPACTS
    ]
