"""The RO-Crate validator without a network: the JSON-LD context it asks for comes from the package ``rocrate``."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "workflow-run-crate"
# `rocrate` has the context of version 1.3; these are the terms that 1.1 maps elsewhere (its appendix on JSON-LD)
OF_1_1 = {
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": "https://bioschemas.org/ComputationalWorkflow#input",
    "output": "https://bioschemas.org/ComputationalWorkflow#output",
}


class _Answer(BaseAdapter):
    """Answers every request with one JSON-LD document."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        from urllib3 import HTTPHeaderDict, HTTPResponse

        response = requests.Response()
        response.status_code = 200
        response.url = str(request.url)
        response.request = request
        response.headers["Content-Type"] = "application/ld+json"
        response.raw = HTTPResponse(
            body=self.content,
            headers=HTTPHeaderDict({"Content-Type": "application/ld+json"}),
            status=200,
            preload_content=False,
        )
        response._content = self.content
        return response

    def close(self) -> None:
        pass


def cache(folder: Path) -> Path:
    """Makes the validator's cache of web pages, which holds the context alone."""
    from requests_cache import CachedSession

    context = json.loads(files("rocrate").joinpath("data/ro-crate.jsonld").read_text())
    context["@context"] |= OF_1_1
    path = folder / "pages"
    with CachedSession(cache_name=str(path), backend="sqlite", expire_after=-1) as session:
        session.mount("https://", _Answer(json.dumps(context).encode()))
        session.get(CONTEXT)
    return path


def issues(crate: Path, cached: Path, severity: str = "REQUIRED") -> list[str]:
    """What the validator finds wrong with a crate, its files included, by requirements of ``severity`` and up."""
    from rocrate_validator import services

    settings = services.ValidationSettings(
        rocrate_uri=str(crate),
        profile_identifier=PROFILE,
        requirement_severity=severity,
        cache_path=cached,
        offline=True,
    )
    problems = services.validate(settings).get_issues()
    return sorted(
        {f"{problem.check.identifier} {problem.message} {problem.violatingEntity or ''}" for problem in problems}
    )
