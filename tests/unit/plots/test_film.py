"""An animation's films: as many pictures, shown as long, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from kinesec.plots import film
from kinesec.samples.videos import codec

PAUSES = [80, 80, 450, 900]
SIDES = 41, 60  # odd, so that a codec that halves colours needs a row more


@pytest.fixture(scope="module")
def animation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = []
    for place in range(len(PAUSES)):
        picture = np.full((*SIDES, 3), 255, np.uint8)
        picture[10:20, 10 * place : 10 * place + 10] = 1, 115, 178
        made.append(Image.fromarray(picture))
    path = tmp_path_factory.mktemp("film") / "animation.webp"
    made[0].save(path, save_all=True, append_images=made[1:], duration=PAUSES, loop=0, lossless=True)
    return path


@pytest.fixture(scope="module")
def films(animation: Path) -> tuple[Path, Path]:
    paths = animation.with_suffix(".mp4"), animation.with_suffix(".gif")
    film.save(animation, mp4=paths[0], gif=paths[1])
    return paths


def test_the_same_animation_gives_the_same_bytes(animation: Path, films: tuple[Path, Path], tmp_path: Path) -> None:
    again = tmp_path / "again.mp4", tmp_path / "again.gif"
    film.save(animation, mp4=again[0], gif=again[1])
    assert [path.read_bytes() for path in films] == [path.read_bytes() for path in again]
    assert list(films[0].parent.glob(".*.part")) == []


def test_a_film_is_as_long_and_shows_the_same(films: tuple[Path, Path]) -> None:
    shown = codec.decode(films[0]).astype(int)  # differences of bytes overflow
    times = [2, 2, 11, 22]
    assert shown.shape == (sum(times), SIDES[0] + 1, SIDES[1], 3)
    for place, frame in enumerate(np.cumsum([0, *times[:-1]])):
        row = shown[frame, 15]
        assert row[10 * place + 5] == pytest.approx([1, 115, 178], abs=25)
        assert row[-1] == pytest.approx([255] * 3, abs=8)


def test_a_film_is_h264_where_it_can_be(films: tuple[Path, Path]) -> None:
    with av.open(str(films[0])) as file:
        assert file.streams.video[0].codec_context.name in ("h264", "mpeg4")
        assert "mp4" in file.format.name


def test_a_gif_has_the_pictures_and_their_times(films: tuple[Path, Path]) -> None:
    with Image.open(films[1]) as gif:
        assert gif.n_frames == len(PAUSES)
        assert gif.info["loop"] == 0
        for place, pause in enumerate(PAUSES):
            gif.seek(place)
            assert gif.info["duration"] == pause
            assert np.asarray(gif.convert("RGB"), int)[15, 10 * place + 5] == pytest.approx([1, 115, 178], abs=8)


def test_without_h264_a_film_is_mpeg4(animation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "_known", lambda encoder: encoder == "mpeg4")
    film.save(animation, mp4=tmp_path / "a.mp4", gif=tmp_path / "a.gif")
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert file.streams.video[0].codec_context.name == "mpeg4"


def test_a_still_is_a_film_of_a_second(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(tmp_path / "note.webp", lossless=True)
    film.save(tmp_path / "note.webp", mp4=tmp_path / "note.mp4", gif=tmp_path / "note.gif")
    assert len(codec.decode(tmp_path / "note.mp4")) == film.FPS
