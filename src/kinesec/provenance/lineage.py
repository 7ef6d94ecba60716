"""What led to some artefacts, by following certificates back to raw files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kinesec.errors import KinesecError
from kinesec.provenance.certificates import Certificates, Facts, fingerprint


@dataclass(frozen=True)
class History:
    """All that led to some artefacts: outputs with their fingerprints, and the certificates of their jobs."""

    outputs: dict[str, Facts]
    jobs: tuple[Facts, ...]

    @property
    def started(self) -> str:
        return min(str(job["started"]) for job in self.jobs)

    @property
    def ended(self) -> str:
        return max(str(job["ended"]) for job in self.jobs)

    def versions(self) -> dict[str, str]:
        """Each package's version, or versions, as jobs recorded them."""
        by_package: dict[str, set[str]] = {}
        for job in self.jobs:
            for package, version in job.get("versions", {}).items():
                by_package.setdefault(package, set()).add(version)
        return {package: ", ".join(sorted(versions)) for package, versions in sorted(by_package.items())}

    def commits(self) -> str:
        """The commits that jobs ran at, and whether files were changed since."""
        named = {
            f"{job['commit']}{' (with changes)' if job.get('dirty') else ''}" for job in self.jobs if job.get("commit")
        }
        return ", ".join(sorted(named)) or "unknown"


def history(artefacts: Iterable[str], certificates: Certificates) -> History:
    """Follows certificates back from artefacts to raw files; raises ``KinesecError`` for an artefact without one."""
    todo, outputs, jobs = list(artefacts), dict[str, Facts](), dict[tuple[str, ...], Facts]()
    for artefact in todo:
        if certificates.of(artefact) is None:
            raise KinesecError(f"{artefact}: found no certificate (*.run.json) beside it; run its rule again")
    while todo:
        path = todo.pop()
        content = None if path in outputs else certificates.of(path)
        if content is None:
            continue
        outputs[path] = content["outputs"][path] or fingerprint(certificates.root / path)
        job_outputs = tuple(sorted(content["outputs"]))
        if job_outputs not in jobs:
            jobs[job_outputs] = content
            # a model's log and a table's records belong to the job though nobody asked for them
            todo.extend((*content["inputs"], *job_outputs))
    return History(dict(sorted(outputs.items())), tuple(jobs[job_outputs] for job_outputs in sorted(jobs)))
