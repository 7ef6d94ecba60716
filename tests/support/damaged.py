"""What every reader promises of a damaged file, as a test class that each reader's tests inherit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinesec.motion.recording import Motion
from kinesec.sources.errors import BadFile

Damage = tuple[str | bytes, int, str]  # the file's content, the line of the fault, a piece of what was found there


def encoded(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


class DamagedFile(ABC):
    """A format gives its good file, how to read a file, and its own damages."""

    NAME: ClassVar[str]
    GOOD: ClassVar[str | bytes]
    DAMAGES: ClassVar[Mapping[str, Damage]]
    WORDS: ClassVar[Sequence[bytes]] = ()  # put into the good file beside random bytes
    KEEPS_LENGTH: ClassVar[bool] = False  # whether bytes are overwritten where others are put in, in binary formats

    @abstractmethod
    def read(self, path: Path) -> Sequence[Motion]:
        """The motions of a file."""

    @staticmethod
    def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
        if "damage" in metafunc.fixturenames:
            metafunc.parametrize("damage", metafunc.cls.DAMAGES)
        if "layout" in metafunc.fixturenames:
            metafunc.parametrize("layout", metafunc.cls.LAYOUTS)

    def fault(self, path: Path) -> BadFile:
        """The error that reading ends in: one line that begins with the file and the place in it."""
        with pytest.raises(BadFile) as caught:
            self.read(path)
        assert caught.value.path == str(path)
        assert str(caught.value).startswith(f"{path}:{caught.value.line}: found ")
        assert "\n" not in str(caught.value)
        return caught.value

    def test_a_damaged_file_is_one_line_that_names_the_place(self, damage: str, tmp_path: Path) -> None:
        content, line, message = self.DAMAGES[damage]
        path = tmp_path / self.NAME
        path.write_bytes(encoded(content))
        fault = self.fault(path)
        assert fault.line == line
        assert message in str(fault)

    def test_what_is_no_file_of_the_format_is_one_line(self, tmp_path: Path) -> None:
        path = tmp_path / self.NAME
        for content, message in ((b"", "an empty file"), (b"\n \n", ""), (bytes(range(256)) * 8, "")):
            path.write_bytes(content)
            assert message in str(self.fault(path))
        path.write_bytes(encoded(self.GOOD)[: len(self.GOOD) // 2])
        self.fault(path)
        path.unlink()
        self.fault(path)
        path.mkdir()
        self.fault(path)

    @given(data=st.data(), cut=st.none() | st.floats(0, 1))
    @settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
    )
    def test_any_damage_ends_in_a_motion_or_a_bad_file(
        self, data: st.DataObject, cut: float | None, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        content = encoded(self.GOOD)
        inserts = st.binary(max_size=8) | st.sampled_from(self.WORDS) if self.WORDS else st.binary(max_size=8)
        places = st.integers(0, len(content) - 1)
        for place, length, insert in data.draw(st.lists(st.tuples(places, st.integers(0, 30), inserts), max_size=4)):
            content = content[:place] + insert + content[place + (len(insert) if self.KEEPS_LENGTH else length) :]
        path = tmp_path_factory.getbasetemp() / f"damaged_{type(self).__name__}" / self.NAME
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if cut is None else content[: int(cut * len(content))])
        try:
            motions = self.read(path)
        except BadFile:
            return
        assert motions
        assert all(np.isfinite(motion.position).all() for motion in motions)


class DamagedText(DamagedFile):
    """Also what changes in a text file and means nothing."""

    LAYOUTS: ClassVar[Mapping[str, Callable[[str], str]]] = {}

    def __init_subclass__(cls) -> None:
        everywhere = {
            "crlf": lambda text: text.replace("\n", "\r\n"),
            "no last newline": lambda text: text.rstrip("\n"),
        }
        cls.LAYOUTS = {**everywhere, **cls.LAYOUTS}

    def test_layout_does_not_matter(self, layout: str, tmp_path: Path) -> None:
        assert isinstance(self.GOOD, str)
        path = tmp_path / self.NAME
        motions = []
        for content in (self.GOOD, self.LAYOUTS[layout](self.GOOD)):
            path.write_bytes(content.encode())
            motions.append(self.read(path))
        for good, other in zip(*motions, strict=True):
            assert other.skeleton == good.skeleton
            np.testing.assert_array_equal(other.position, good.position)
