"""Reads a command line and runs its command: a module of ``cli/commands``, found by its file.

A command's module defines ``HELP`` (one line), ``DESCRIPTION``, ``STATUS`` (what its exit statuses mean), ``add``,
which adds its arguments to a parser, and ``run``, which returns the exit status: 0 well, 1 not as it should be, 2 a
mistake of the caller. At import it loads nothing heavy, for every command line imports all of them.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version

from kinesec import names
from kinesec.errors import KinesecError

COMMANDS = "cli.commands"


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    made = argparse.ArgumentParser(prog="kinesec", description="What is useful beside the workflow.")
    made.add_argument("--version", action="version", version=f"kinesec {version('kinesec')}")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for name in names.available(COMMANDS):
        module = importlib.import_module(f"kinesec.{COMMANDS}.{name}")
        command = commands.add_parser(
            name.replace("_", "-"),
            help=module.HELP,
            description=module.DESCRIPTION,
            epilog=f"exit status: {module.STATUS}",
        )
        module.add(command)
        command.set_defaults(run=module.run)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line and returns its exit status."""
    arguments = parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except KinesecError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        sys.stderr.close()
        return 1
    return status
