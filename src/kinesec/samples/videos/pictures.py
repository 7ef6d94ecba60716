"""Frames of PyAV in other pixels or of another size: the same bytes on every processor, in one thread."""

from __future__ import annotations

import av
from av.video.reformatter import Interpolation, VideoReformatter

# without the last two, a picture's last bits depend on the instructions that a processor has
_EXACT = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND | Interpolation.BITEXACT


class Converter:
    """Converts frames of one kind after the other; what it prepares for the first serves all."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(
        self, frame: av.VideoFrame, pixels: str = "rgb24", height: int | None = None, width: int | None = None
    ) -> av.VideoFrame:
        """The frame in FFmpeg's format ``pixels``, stretched to ``height`` and ``width`` (its own if None)."""
        return self._reformatter.reformat(
            frame,
            width=width or frame.width,
            height=height or frame.height,
            format=pixels,
            interpolation=int(_EXACT),
            threads=1,  # of its own pool, which it would start anew for each frame
        )
