from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from video_files import STORED, need, squares, store

from kinesec.samples.videos.codec import encode
from kinesec.samples.videos.decode import BadVideo, decode


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("frames", [5, 12, 16])
def test_frames_are_chosen_evenly_and_short_videos_padded(tmp_path: Path, stored: str, frames: int) -> None:
    video = squares(12)
    decoded = decode(store(tmp_path / "a", video, stored), frames=frames)
    assert (decoded.frames, decoded.length, decoded.fps) == (12, min(12, frames), 25.0)
    assert decoded.video.shape == (frames, *video.shape[1:])
    chosen = np.rint(np.linspace(0, 11, 5)).astype(int) if frames == 5 else np.arange(12)
    away = np.abs(decoded.video[: decoded.length].astype(int) - video[chosen])
    assert away.max() == 0 if stored == "ffv1" else away.mean() < 3
    assert not decoded.video[decoded.length :].any()


def test_pictures_are_stretched_or_cut(tmp_path: Path) -> None:
    video = np.zeros((4, 32, 64, 3), np.uint8)
    video[:, :, 16:48] = 200  # the middle, as wide as it is high
    path = store(tmp_path / "a", video)
    cut = decode(path, frames=4, height=16, width=16, fit="crop").video
    assert (cut[:, :, 1:-1] == 200).all()
    stretched = decode(path, frames=4, height=16, width=16).video
    assert (stretched[:, :, 6:10] == 200).all()
    assert not stretched[:, :, [0, 1, 2, 13, 14, 15]].any()
    assert decode(path, frames=4, height=48, width=50, fit="crop").video.shape == (4, 48, 50, 3)


def test_a_folder_of_images_is_a_video(tmp_path: Path) -> None:
    video = squares(11)
    folder = tmp_path / "sign"
    folder.mkdir()
    for frame, picture in enumerate(video):
        Image.fromarray(picture).save(folder / f"frame_{frame:04d}.png")
    (folder / "notes.txt").write_text("no picture")
    decoded = decode(folder, frames=11)
    np.testing.assert_array_equal(decoded.video, video)
    assert (decoded.frames, decoded.fps) == (11, None)


def refused(path: Path, **settings: int) -> str:
    with pytest.raises(BadVideo) as caught:
        decode(path, frames=8, **settings)
    message = str(caught.value)
    assert message == f"{path}: {caught.value.reason}"
    assert message.startswith(f"{path}: found ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("stored", STORED)
def test_damaged_files_are_refused(tmp_path: Path, stored: str) -> None:
    path = store(tmp_path / "a", squares(30), stored)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    refused(path)
    middle = bytearray(whole)
    for place in range(len(whole) * 2 // 5, len(whole) * 3 // 5, 7):
        middle[place] ^= 0xFF
    path.write_bytes(middle)
    refused(path)
    path.write_bytes(b"")
    assert "found an empty file, expected a video; get it again" in refused(path)
    path.write_text("no video at all\n" * 100)
    assert "expected a video that can be decoded" in refused(path)
    path.unlink()
    assert "found no such file or directory" in refused(path)
    path.mkdir()
    assert "found 0 frames, expected 1 or more" in refused(path)


def test_what_a_decoder_could_hide_is_refused(tmp_path: Path) -> None:
    """Of files with one wrong byte; a decoder left to itself makes up what it cannot read, and 12 are refused."""
    need("mjpeg")
    path = tmp_path / "a.avi"
    encode(squares(30), path, codec="mjpeg", container="avi", pixels="yuvj420p")
    whole = path.read_bytes()
    refusals = 0
    for place in np.linspace(0.1 * len(whole), 0.95 * len(whole), 60).astype(int):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:
            decode(path, frames=8)
        except BadVideo:
            refusals += 1
    assert refusals > 15


def test_a_video_with_too_few_frames_is_refused(tmp_path: Path) -> None:
    path = store(tmp_path / "a", squares(5))
    assert "found 5 frames, expected 6 or more" in refused(path, least=6)
    assert decode(path, frames=8, least=5).length == 5


def test_frames_are_counted_against_those_declared(tmp_path: Path) -> None:
    """An avi's header and its stream's say how many frames there are; here two more than come."""
    path = store(tmp_path / "a", squares(10))
    content = bytearray(path.read_bytes())
    length = content.index(b"strh") + 8 + 32
    assert int.from_bytes(content[length : length + 4], "little") == 10
    content[length : length + 4] = (12).to_bytes(4, "little")
    path.write_bytes(content)
    assert "found 10 frames, expected the 12 that it declares" in refused(path)
    assert "found 10 frames, expected the 12" in refused(path, slack=1)
    allowed = decode(path, frames=8, slack=2)
    assert (allowed.frames, allowed.length) == (10, 8)
    np.testing.assert_array_equal(allowed.video, squares(10)[np.rint(np.linspace(0, 9, 8)).astype(int)])
