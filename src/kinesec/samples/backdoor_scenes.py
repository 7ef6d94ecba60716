"""A training sample, clean and with a backdoor's trigger: what filmstrips and animations of backdoors draw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesec.files import store
from kinesec.files.kinds.poisoned_clips import POISONED_CLIPS
from kinesec.files.kinds.poisoned_videos import POISONED_VIDEOS
from kinesec.samples.clips import clips as clips_module
from kinesec.samples.errors import NothingToDraw
from kinesec.samples.videos import videos as videos_module

STEPS, LARGEST = (1, 2, 5), 3  # up to 500
# how large the amplified difference may be: the tenth that is largest easily seen, and the most still in the picture
QUANTILE, MOST = 90.0, 5.0
GREY, MM = 80.0, 120.0


@dataclass(frozen=True)
class Pair:
    """A sample, ``clean`` and ``triggered``: a video (frame, height, width, channel) uint8, or poses in mm.

    Poses are (frame, joint, xyz); ``parents`` say which joints bones join, and a video has none. ``label`` is its own
    class, ``target`` the class that it is taught as.
    """

    clean: np.ndarray
    triggered: np.ndarray
    label: str
    target: str
    frame_ms: float | None
    parents: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.clean)

    @property
    def difference(self) -> np.ndarray:
        """What the trigger changes, float64."""
        return np.asarray(self.triggered.astype(np.float64) - self.clean)

    @property
    def factor(self) -> int:
        """The number (1, 2, 5, 10 ...) by which the difference is made large enough to be seen, and no larger."""
        size = np.linalg.norm(self.difference, axis=-1) if self.parents else np.abs(self.difference)
        seen = max(float(np.percentile(size, QUANTILE)), float(size.max()) / MOST, 1e-9)
        most = (MM if self.parents else GREY) / seen
        known = [step * 10**power for power in range(LARGEST) for step in STEPS]
        return max([factor for factor in known if factor <= most], default=1)


def _median(change: np.ndarray) -> int:
    """The place of the median change: nobody's choice. Raises ``NothingToDraw`` where there is none."""
    if not len(change):
        raise NothingToDraw("figure of a backdoor: found no poisoned sample, expected one or more")
    return int(np.argsort(change, kind="stable")[(len(change) - 1) // 2])


def of_clips(clips_path: Path, poison_path: Path) -> Pair:
    """The poisoned training clip whose joints are displaced by the median root mean square, its first body, its frames
    that are there. Raises ``NothingToDraw`` where no clip is poisoned.
    """
    clean, poison = clips_module.load(clips_path, "train"), store.read(poison_path, POISONED_CLIPS)
    index, moved = poison["index"].values, poison.position.values
    place = _median(np.square(moved - clean.position[index]).mean((1, 2, 3, 4)))
    row = index[place]
    length = int(clean.length[row])
    return Pair(
        clean=clean.position[row, 0, :length],
        triggered=moved[place, 0, :length],
        label=clean.classes[clean.label[row]],
        target=clean.classes[int(poison.attrs["target"])],
        frame_ms=1000 / clean.fps,
        parents=clean.skeleton.parents,
    )


def of_videos(videos_path: Path, poison_path: Path) -> Pair:
    """The poisoned training video of median root mean square change, its frames before blank ones.

    Raises ``NothingToDraw`` where no video is poisoned.
    """
    clean = videos_module.load(videos_path, "train", lazy=True)
    poison = store.read(poison_path, POISONED_VIDEOS)
    index = poison["index"].values
    change = [
        np.square(poison.video[place].values - np.asarray(clean.video[row], np.float32)).mean()
        for place, row in enumerate(index)
    ]
    place = _median(np.array(change))
    row = index[place]
    length = int(clean.length[row])
    return Pair(
        clean=np.asarray(clean.video[row])[:length],
        triggered=poison.video[place].values[:length],
        label=clean.classes[clean.label[row]],
        target=clean.classes[int(poison.attrs["target"])],
        frame_ms=None if clean.fps is None else 1000 / clean.fps,
    )


OF = {"skeleton": of_clips, "video": of_videos}
