"""Makes a local conda channel: real packages from wheels, and ``python`` from the interpreter that runs this.

usage: make_channel.py CHANNEL WHEELS WITNESS [PyPI-name=conda-name ...]

WITNESS becomes the ``sitecustomize`` of the channel's Python, so that each job can say where its modules came from.
"""

from __future__ import annotations

import asyncio
import email.parser
import hashlib
import io
import json
import os
import re
import site
import sys
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import zstandard
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler.index import index_fs

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
SITE = f"lib/python{MINOR}/site-packages"
SKIPPED = {"test", "tests", "__pycache__", "site-packages", "idlelib", "turtledemo", "ensurepip"}
Files = dict[str, bytes | Path]


def archive(files: Files, links: dict[str, str]) -> bytes:
    """A compressed tar of files and symbolic links, by their path in an environment."""
    made = io.BytesIO()
    writer = zstandard.ZstdCompressor(level=1).stream_writer(made, closefd=False)
    with writer, tarfile.open(fileobj=writer, mode="w|") as tar:
        for path, source in sorted(files.items()):
            content = source.read_bytes() if isinstance(source, Path) else source
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            runs = path.startswith("bin/") or (isinstance(source, Path) and os.access(source, os.X_OK))
            entry.mode = 0o755 if runs else 0o644
            tar.addfile(entry, io.BytesIO(content))
        for path, target in sorted(links.items()):
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return made.getvalue()


def described(path: str, source: bytes | Path) -> dict[str, object]:
    content = source.read_bytes() if isinstance(source, Path) else source
    digest = hashlib.sha256(content).hexdigest()
    return {"_path": path, "path_type": "hardlink", "sha256": digest, "size_in_bytes": len(content)}


def write(
    folder: Path, name: str, version: str, depends: list[str], files: Files, links: dict[str, str] | None = None
) -> None:
    """Writes one package in the .conda format."""
    links = links or {}
    index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": depends}
    paths = [described(path, source) for path, source in sorted(files.items())]
    paths += [{"_path": path, "path_type": "softlink"} for path in sorted(links)]
    info: Files = {
        "info/index.json": json.dumps({**index, "subdir": "linux-64", "timestamp": 1}).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        "info/files": "".join(f"{path}\n" for path in [*sorted(files), *sorted(links)]).encode(),
    }
    stem = f"{name}-{version}-0"
    with zipfile.ZipFile(folder / f"{stem}.conda", "w", zipfile.ZIP_STORED) as package:
        package.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        package.writestr(f"info-{stem}.tar.zst", archive(info, {}))
        package.writestr(f"pkg-{stem}.tar.zst", archive(files, links))


def python(folder: Path, witness: Path) -> None:
    """Packages the running interpreter with its standard library."""
    base = Path(sys.base_prefix)
    if any("dist-packages" in path for path in site.getsitepackages([sys.base_prefix])):
        sys.exit("this Python is Debian's, which looks for packages in other places than conda's")
    files: Files = {f"bin/python{MINOR}": (base / f"bin/python{MINOR}").resolve()}
    for root, folders, names in os.walk(base / f"lib/python{MINOR}"):
        folders[:] = [name for name in folders if name not in SKIPPED and not name.startswith("config-")]
        paths = (Path(root) / name for name in names if not name.endswith(".a"))
        files.update({str(path.relative_to(base)): path for path in paths if not path.is_symlink()})
    files.update({f"lib/{path.name}": path for path in (base / "lib").glob("libpython*.so*")})
    files[f"{SITE}/sitecustomize.py"] = witness
    version = ".".join(map(str, sys.version_info[:3]))
    write(folder, "python", version, [], files, {"bin/python": f"python{MINOR}", "bin/python3": f"python{MINOR}"})


def dependencies(metadata: Message, names: dict[str, str]) -> list[str]:
    """A wheel's requirements as conda writes them; the common operators are spelt alike."""
    pinned = [f"python {MINOR}.*"]
    for line in metadata.get_all("Requires-Dist") or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            name = canonicalize_name(requirement.name)
            pinned.append(f"{names.get(name, name)} {','.join(sorted(map(str, requirement.specifier)))}".strip())
    return pinned


def place(name: str) -> str:
    """Where a wheel's file goes in an environment."""
    match = re.fullmatch(r"[^/]+\.data/(purelib|platlib|scripts|data|headers)/(.*)", name)
    if match is None:
        return f"{SITE}/{name}"
    folders = {"purelib": f"{SITE}/", "platlib": f"{SITE}/", "scripts": "bin/", "data": "", "headers": "include/"}
    return folders[match[1]] + match[2]


def wheel(folder: Path, path: Path, names: dict[str, str]) -> None:
    """Packages a wheel. Its commands are left out: no rule runs any."""
    with zipfile.ZipFile(path) as opened:
        inside = [name for name in opened.namelist() if not name.endswith("/")]
        described_in = next(name for name in inside if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        metadata = email.parser.Parser().parsestr(opened.read(described_in).decode())
        files: Files = {place(name): opened.read(name) for name in inside}
    name = canonicalize_name(metadata["Name"])
    # without the local part: the CPU's build of torch is called 2.13.0+cpu
    version = Version(metadata["Version"]).public
    write(folder, names.get(name, name), version, dependencies(metadata, names), files)


def main(channel: Path, wheels: Path, witness: Path, *renamed: str) -> None:
    names = dict(pair.split("=") for pair in renamed)
    folder = channel / "linux-64"
    folder.mkdir(parents=True)
    (channel / "noarch").mkdir()
    python(folder, witness)
    for path in sorted(wheels.glob("*.whl")):
        wheel(folder, path, names)
    asyncio.run(index_fs(channel))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), *sys.argv[4:])
