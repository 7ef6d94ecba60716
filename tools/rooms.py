"""Counts the rooms of the code: modules in the root, rooms, arrows between rooms and rooms in circles.

    python tools/rooms.py [SOURCE ...]

A source folder holds the package ``kinesec`` (this checkout's ``src`` where none is given), so that an older checkout
can be counted too. A room is a package or a module of the root; an arrow stands between two rooms, one of which imports
anything of the other, inside functions and for types too. A room is in a circle where arrows lead from it back to it.
Nothing is imported: the files are parsed.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"


def modules(source: Path) -> dict[str, Path]:
    """Dotted name below ``kinesec`` -> file; a package stands by its ``__init__.py``, ``kinesec`` itself by none."""
    package = source / "kinesec"
    files = sorted(package.rglob("*.py"))
    return {
        ".".join((file.parent if file.name == "__init__.py" else file.with_suffix("")).relative_to(package).parts): file
        for file in files
        if file != package / "__init__.py"
    }


def imports(file: Path) -> Iterator[str]:
    """Everything that a file imports, wherever in it and for types too: ``kinesec.files.store`` or ``torch.nn``."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def links(source: Path) -> set[tuple[str, str]]:
    """Pairs of modules below ``kinesec``, the first of which imports the second."""
    known = modules(source)
    pairs = set()
    for name, file in known.items():
        for imported in imports(file):
            head, _, inside = imported.partition(".")
            if head == "kinesec":
                module = inside if inside in known else inside.rpartition(".")[0]
                pairs.add((name, module))
    return {(importer, other) for importer, other in pairs if other in known and importer != other}


def room(module: str) -> str:
    """The package or root module in which a module stands."""
    return module.partition(".")[0]


def in_circles(arrows: set[tuple[str, str]]) -> set[str]:
    """Rooms from which arrows lead back to themselves."""
    paths = set(arrows)
    while True:
        longer = paths | {(start, far) for start, middle in paths for near, far in arrows if near == middle}
        if longer == paths:
            return {start for start, other in paths if start == other}
        paths = longer


def main(sources: list[Path]) -> None:
    for source in sources:
        known = modules(source)
        rooms = {room(name) for name in known}
        root = {name for name in known if room(name) == name and known[name].name != "__init__.py"}
        arrows = {(room(importer), room(other)) for importer, other in links(source) if room(importer) != room(other)}
        print(
            f"{source}: {len(root)} modules in the root, {len(rooms)} rooms, {len(arrows)} arrows between rooms, ",
            end="",
        )
        print(f"{len(in_circles(arrows))} rooms in circles")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]] or [SOURCE])
