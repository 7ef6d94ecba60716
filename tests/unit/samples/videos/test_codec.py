from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from video_files import need, squares

from kinesec.errors import ConfigError
from kinesec.samples.videos.codec import decode, encode, round_trip
from kinesec.samples.videos.pictures import Converter


def some(height: int = 32, width: int = 48) -> np.ndarray:
    """Squares under a little noise, which is what codecs lose first."""
    video = np.stack([squares(6, height, width, seed) for seed in range(3)])
    noise = np.random.default_rng(0).normal(0, 6, video.shape)
    return np.clip(np.rint(video + noise), 0, 255).astype(np.uint8)


def psnr(video: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.square(video.astype(float) - other).mean()))


@pytest.mark.parametrize("size", [(32, 48), (33, 47), (5, 7)])
def test_ffv1_loses_nothing(size: tuple[int, int]) -> None:
    need("ffv1")
    video = some(max(size[0], 20), max(size[1], 20))[:, :, : size[0], : size[1]]
    np.testing.assert_array_equal(round_trip(video, codec="ffv1"), video)


@pytest.mark.parametrize("size", [(32, 48), (33, 47)])
def test_x264_loses_more_the_higher_its_crf(size: tuple[int, int]) -> None:
    need("libx264")
    video = some(*size)
    lossy = [round_trip(video, crf=crf) for crf in (18, 23, 28, 40)]
    assert all(array.shape == video.shape and array.dtype == np.uint8 for array in lossy)
    quality = [psnr(video, array) for array in lossy]
    assert quality == sorted(quality, reverse=True)
    assert 28 < quality[1] < 45
    clean = np.stack([squares(6, *size)])
    assert psnr(clean, round_trip(clean, crf=18)) > 30


def test_x264_gives_the_same_pictures_on_every_processor() -> None:
    """Those of its plain C code: by default some of its assembly even depends on where memory lies."""
    need("libx264")
    noise = np.random.default_rng(0).integers(0, 255, (16, 64, 64, 3)).astype(float)
    smooth = gaussian_filter(noise, (1, 3, 3, 0))
    video = ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)
    plain = []
    for settings in ({"x264-params": "asm=0"}, {}):
        buffer = io.BytesIO()
        with av.open(buffer, "w", format="matroska") as file:
            stream = file.add_stream("libx264", rate=25)
            stream.height, stream.width, stream.pix_fmt = 64, 64, "yuv420p"
            stream.codec_context.thread_count = 1
            stream.options = {"crf": "28", **settings}
            convert = Converter()
            for picture in video:
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                file.mux(stream.encode(convert(frame, "yuv420p")))
            file.mux(stream.encode(None))
        buffer.seek(0)
        plain.append(decode(buffer))
    np.testing.assert_array_equal(round_trip(video[None], crf=28)[0], plain[0])
    if np.array_equal(*plain):
        pytest.skip("this x264 has no assembly that differs from its plain code: the test shows nothing")


def test_clips_do_not_depend_on_each_other() -> None:
    need("libx264")
    video = some()
    np.testing.assert_array_equal(round_trip(video[1:2]), round_trip(video)[1:2])


def test_an_encoder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"codec: found 'nonesuch', expected one that PyAV can encode; install"):
        encode(squares(), tmp_path / "a.avi", codec="nonesuch")
