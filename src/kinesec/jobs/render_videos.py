"""One rendering job: a clips store in, a videos store out, a piece of the clips at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.files import store
from kinesec.files.kinds.clips import CLIPS
from kinesec.files.kinds.videos import VIDEOS
from kinesec.progress import Progress
from kinesec.samples.clips.checks import checked
from kinesec.samples.videos.render import attrs_of, render_clips
from kinesec.samples.videos.settings import rendering

PIECE_BYTES = 2**26  # of the videos rendered at once


def render_videos(*, clips_path: Path, settings: Mapping[str, Any], seed: int, videos_path: Path) -> None:
    """Renders a clips store; ``settings`` are those of ``samples.videos.render.Rendering``.

    The videos stand in the order of the clips, a clip's views one after the other, with the clips' splits. Raises
    ``ConfigError`` for settings that cannot be used, ``KinesecError`` for clips that cannot.
    """
    chosen = rendering(settings)
    clips = checked(clips_path)
    data = store.read(clips_path, CLIPS)
    split, owner = data.split.values, data.sequence_index.values
    step = max(1, PIECE_BYTES // (chosen.views * chosen.frames * chosen.height * chosen.width * 3))
    with store.Writer(videos_path, VIDEOS, attrs_of(clips, chosen, seed)) as writer:
        with Progress("rendering", len(clips) * chosen.views, unit="videos") as progress:
            for first in range(0, len(clips), step):
                piece = np.arange(first, min(first + step, len(clips)))
                videos = render_clips(clips.take_rows(piece), chosen, chosen.views, seed)
                writer.append(
                    video=np.asarray(videos.video),
                    label=videos.label,
                    length=videos.length,
                    row=videos.row,
                    view=videos.view,
                    sequence_index=np.repeat(owner[piece], chosen.views),
                    split=np.repeat(split[piece], chosen.views),
                )
                progress.update(len(videos))
        writer.append(**{name: data[name].values for name in ("source", "subject", "take")})
