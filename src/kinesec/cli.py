"""The command ``kinesec``: what is useful beside the workflow. Running it is Snakemake's."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from kinesec.errors import KinesecError


def _verify(arguments: argparse.Namespace) -> int:
    from kinesec.provenance.verify import verify

    check = verify(arguments.folder)
    for problem in check.problems:
        print(problem)
    print(check.summary(arguments.folder))
    return 1 if check.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kinesec", description=__doc__)
    parser.add_argument("--version", action="version", version=f"kinesec {version('kinesec')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "verify",
        help="recompute the hash of every output and say which is not as recorded",
        description="Recomputes the hash of every file and store under FOLDER and compares it with what the job that "
        "made it recorded beside it (*.run.json). One line for each that is not as recorded.",
        epilog="exit status: 0 all as recorded, 1 something is not, 2 nothing could be verified",
    )
    command.add_argument("folder", metavar="FOLDER", nargs="?", default="results", help="default: results")
    command.set_defaults(run=_verify)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line and returns its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except KinesecError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        sys.stderr.close()
        return 1
    return status
