"""``kinesec verify``: are the results what the jobs that made them recorded?"""

from __future__ import annotations

import argparse

HELP = "recompute the hash of every output and say which is not as recorded"
DESCRIPTION = (
    "Recomputes the hash of every file and store under FOLDER and compares it with what the job that made it recorded "
    "beside it (*.run.json). One line for each that is not as recorded."
)
STATUS = "0 all as recorded, 1 something is not, 2 nothing could be verified"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", nargs="?", default="results", help="default: results")


def run(arguments: argparse.Namespace) -> int:
    from kinesec.provenance.verify import verify

    check = verify(arguments.folder)
    for problem in check.problems:
        print(problem)
    print(check.summary(arguments.folder))
    return 1 if check.problems else 0
