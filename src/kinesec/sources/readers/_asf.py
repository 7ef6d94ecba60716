"""ASF files: the Acclaim skeleton that AMC motions refer to (units, root, bonedata, hierarchy)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from kinesec.errors import KinesecError
from kinesec.motion.skeleton import tree_order
from kinesec.sources.errors import BadFile
from kinesec.sources.readers._axes import from_euler
from kinesec.sources.readers._text import decode, load, number, shown

_INCH_MM = 25.4
_AXES = {letter: index for index, letter in enumerate("xyz")}

Line = tuple[int, list[str]]


@dataclass
class Bone:
    """``direction`` and ``axis`` stand in the world's axes; ``dof`` are channels as (t or r, axis) in file order."""

    line: int
    name: str = ""
    direction: list[float] = field(default_factory=list)
    length: float | None = None
    axis: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    axis_order: str = "xyz"
    dof: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Asf:
    """The root, named ``root``, and the bones in file order; ``offsets`` (joint, xyz) in the file's unit.

    ``axis`` (joint, wxyz) turns a bone's own axes into the world's; ``channels`` are each joint's degrees of freedom.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    axis: np.ndarray
    channels: tuple[tuple[tuple[str, int], ...], ...]
    unit_mm: float
    degrees: bool
    place: np.ndarray


def read_asf(path: Path) -> Asf:
    """The skeleton of a file, parsed once; raises ``BadFile`` at the first line that does not follow the format."""
    try:
        status = path.stat()
    except OSError as error:
        raise BadFile(path, 0, error.strerror or str(error), "the ASF file of the motion") from None
    return _read_asf(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _read_asf(path: Path, _changed: int, _size: int) -> Asf:
    return _Parser(path, decode(load(path))).parse()


def _axis_order(path: Path, line: int, word: str) -> str:
    if sorted(word.lower()) != ["x", "y", "z"]:
        raise BadFile(path, line, f"axis order {shown(word)}", "an order of XYZ")
    return word.lower()


def _channels(path: Path, line: int, words: list[str], kinds: str) -> tuple[tuple[str, int], ...]:
    pairs = [(word[:1].lower(), _AXES.get(word[1:].lower(), -1)) for word in words]
    for place, (kind, axis) in enumerate(pairs):
        if kind not in kinds or axis < 0 or pairs.index((kind, axis)) < place:
            expected = "each of rx ry rz" + (" tx ty tz" if "t" in kinds else "") + " once at most"
            raise BadFile(path, line, f"degree of freedom {shown(words[place])}", expected)
    return tuple(pairs)


class _Parser:
    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.bones: list[Bone] = []
        self.root = Bone(0, "root", axis=[0.0, 0.0, 0.0])
        self.place = [0.0, 0.0, 0.0]
        self.length, self.degrees = 1.0, True
        self.parent: dict[str, str] = {}
        self.lines = text.split("\n")

    def parse(self) -> Asf:
        section, body, first_lines = "", list[Line](), dict[str, int]()
        for line, text in enumerate([*self.lines, ":end"], start=1):
            words = text.split("#")[0].split()
            if not words:
                continue
            if not words[0].startswith(":"):
                body.append((line, words))
                continue
            reader = {"units": self._units, "root": self._root, "bonedata": self._bonedata}.get(section)
            reader = self._hierarchy if section == "hierarchy" else reader
            if reader is not None:
                reader(body)
            section, body = words[0][1:].lower(), []
            if section in first_lines:
                raise BadFile(
                    self.path, line, f"section :{section} a second time", f"one, on line {first_lines[section]}"
                )
            first_lines[section] = line
        for needed in ("root", "bonedata", "hierarchy"):
            if needed not in first_lines:
                raise BadFile(self.path, len(self.lines), "the end of the file", f"a section :{needed}")
        return self._assemble(first_lines["hierarchy"])

    def _numbers(self, line: int, words: list[str], count: int, what: str) -> list[float]:
        if len(words) < count:
            raise BadFile(self.path, line, f"{len(words)} values", f"{count}: {what}")
        return [number(self.path, line, word, what) for word in words[:count]]

    def _word(self, line: int, words: list[str], what: str) -> str:
        if len(words) < 2:
            raise BadFile(self.path, line, shown(" ".join(words)), what)
        return words[1]

    def _units(self, body: list[Line]) -> None:
        for line, words in body:
            if words[0] == "length":
                (self.length,) = self._numbers(line, words[1:], 1, "the length unit")
                if not 1e-6 <= self.length <= 1e6:
                    raise BadFile(self.path, line, f"length {self.length:g}", "a length unit above 0, such as 0.45")
            elif words[0] == "angle":
                angle = self._word(line, words, "angle deg or angle rad").lower()
                if angle[:3] not in ("deg", "rad"):
                    raise BadFile(self.path, line, f"angle {shown(angle)}", "deg or rad")
                self.degrees = angle.startswith("deg")

    def _root(self, body: list[Line]) -> None:
        for line, words in body:
            if words[0] == "order":
                self.root.dof = _channels(self.path, line, words[1:], "tr")
            elif words[0] == "axis":
                self.root.axis_order = _axis_order(self.path, line, self._word(line, words, "axis XYZ"))
            elif words[0] == "position":
                self.place = self._numbers(line, words[1:], 3, "the root's position")
            elif words[0] == "orientation":
                self.root.axis = self._numbers(line, words[1:], 3, "the root's orientation")
        if not self.root.dof:
            raise BadFile(
                self.path, body[0][0] if body else 0, "no order", "the root's order, such as TX TY TZ RX RY RZ"
            )

    def _bonedata(self, body: list[Line]) -> None:
        bone: Bone | None = None
        for line, words in body:
            key = words[0]
            if bone is None:
                if key != "begin":
                    raise BadFile(self.path, line, shown(key), "begin")
                bone = Bone(line)
            elif key == "end":
                self._add(bone)
                bone = None
            elif key == "begin":
                raise BadFile(self.path, line, "begin", f"the end of the bone of line {bone.line}")
            elif key == "name":
                bone.name = self._word(line, words, "a bone's name")
            elif key == "direction":
                bone.direction = self._numbers(line, words[1:], 3, "a direction")
            elif key == "length":
                (bone.length,) = self._numbers(line, words[1:], 1, "a bone's length")
            elif key == "axis":
                bone.axis = self._numbers(line, words[1:], 3, "a bone's axis")
                if len(words) > 4:
                    bone.axis_order = _axis_order(self.path, line, words[4])
            elif key == "dof":
                bone.dof = _channels(self.path, line, words[1:], "r")
        if bone is not None:
            raise BadFile(self.path, bone.line, "a bone without an end", "end")

    def _add(self, bone: Bone) -> None:
        if not bone.name or not bone.direction or bone.length is None:
            raise BadFile(self.path, bone.line, "a bone that lacks an entry", "a name, a direction and a length")
        if bone.name in ("root", *(other.name for other in self.bones)):
            raise BadFile(self.path, bone.line, f"bone {shown(bone.name)} a second time", "unique bone names")
        self.bones.append(bone)

    def _hierarchy(self, body: list[Line]) -> None:
        known = {bone.name for bone in self.bones} | {"root"}
        for line, words in body:
            if words in (["begin"], ["end"]):
                continue
            for name in words:
                if name not in known:
                    raise BadFile(self.path, line, f"bone {shown(name)}", "a bone of the section :bonedata before")
            for child in words[1:]:
                if child == "root" or child in self.parent:
                    raise BadFile(self.path, line, f"a second parent of {shown(child)}", "a tree of bones")
                self.parent[child] = words[0]

    def _assemble(self, hierarchy: int) -> Asf:
        joints = [self.root, *self.bones]
        index = {joint.name: place for place, joint in enumerate(joints)}
        for bone in self.bones:
            if bone.name not in self.parent:
                raise BadFile(self.path, hierarchy, f"no parent of bone {shown(bone.name)}", "one for each bone")
        parents = (-1, *(index[self.parent[bone.name]] for bone in self.bones))
        try:
            tree_order(parents)
        except KinesecError:
            raise BadFile(self.path, hierarchy, "bones that do not hang from the root", "a tree of bones") from None
        offsets = [[0.0] * 3, *([value * (bone.length or 0.0) for value in bone.direction] for bone in self.bones)]
        scale = math.pi / 180 if self.degrees else 1.0
        orders = [[_AXES[letter] for letter in reversed(joint.axis_order)] for joint in joints]
        angles = [[joint.axis[axis] * scale for axis in order] for joint, order in zip(joints, orders, strict=True)]
        return Asf(
            names=tuple(joint.name for joint in joints),
            parents=parents,
            offsets=np.array(offsets),
            axis=from_euler(np.array([angles]), np.array(orders))[0],
            channels=tuple(joint.dof for joint in joints),
            unit_mm=_INCH_MM / self.length,
            degrees=self.degrees,
            place=np.array(self.place),
        )


def candidates(motion: Path) -> Iterator[str]:
    """Names an ASF file may have beside a motion: 01_01 asks for 01_01, then 01."""
    parts = motion.stem.split("_")
    for count in range(len(parts), 0, -1):
        yield "_".join(parts[:count])


def find_asf(motion: Path) -> Path:
    """The skeleton file beside a motion; raises ``BadFile`` saying what was looked for."""
    folder = motion.parent
    there = sorted(file for file in folder.glob("*") if file.suffix.lower() == ".asf") if folder.is_dir() else []
    for stem in candidates(motion):
        for file in there:
            if file.stem.lower() == stem.lower():
                return file
    if len(there) == 1:
        return there[0]
    wanted = ", ".join(f"{stem}.asf" for stem in candidates(motion))
    files = (
        f"{len(there)} ASF files in {folder.name or '.'}/ and none of {wanted}" if there else "no ASF file beside it"
    )
    raise BadFile(motion, 0, files, f"one of {wanted}, or a single ASF file in the folder")
