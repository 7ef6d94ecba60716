"""One small, sound recording a format, as text or bytes that tests damage."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

BVH = b"""HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Knee
  {
    OFFSET 0 -40 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -40 0
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.01
0 90 0 0 0 0 0 0 0
1 90 0 0 0 5 0 0 0
2 90 0 0 0 10 0 0 77
"""
ASF = b""":units
  length 0.45
  angle deg
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    name lfemur
    direction 0.6 -0.8 0
    length 7.5
    axis 10 -20 30 XYZ
    dof rx ry rz
  end
  begin
    name ltibia
    direction 0 -1 0
    length 7
    axis 0 0 20 XYZ
    dof rx
  end
:hierarchy
  begin
    root lfemur
    lfemur ltibia
  end
"""
AMC = b""":FULLY-SPECIFIED
:DEGREES
1
root 1 17 -3 5 6 7
lfemur 11 12 13
ltibia 22
2
root 1.5 17 -3 5 16 7
lfemur 11 12 -13
ltibia 33
"""
EXPMAP = b"".join(b",".join(b"%.3f" % (0.01 * (row + column)) for column in range(117)) + b"\n" for row in range(3))
JOINT = b"%.2f %.2f 3.1 276.4 117.3 900 500 0.2 0 0.9 -0.1 2\n"
NTU = b"3\n" + b"".join(
    b"1\n7 0 1 1 0 0 0 0.1 -0.2 2\n25\n" + b"".join(JOINT % (0.01 * (j + frame), 0.02 * j) for j in range(25))
    for frame in range(3)
)


def c3d(folder: Path, frames: int = 5) -> bytes:
    """Four markers, written by ezc3d: its own conventions, read by the same library but checked by our code."""
    import ezc3d

    file: Any = ezc3d.c3d()
    point = file["parameters"]["POINT"]
    point["RATE"]["value"] = [120.0]
    point["LABELS"]["value"] = ["HEAD", "LHND", "RHND", "FOOT"]
    point["UNITS"]["value"] = ["mm"]
    places = np.array([[0, 0, 1700], [-300, 0, 1000], [300, 10, 1000], [0, 20, 50]], dtype=np.float64)
    points = np.ones((4, 4, frames))
    points[:3] = places.T[..., None] + np.arange(frames)
    file["data"]["points"] = points
    file["data"]["meta_points"]["residuals"] = np.zeros((1, 4, frames))
    file.write(str(folder / "made.c3d"))
    data = (folder / "made.c3d").read_bytes()
    (folder / "made.c3d").unlink()
    return data


@dataclass(frozen=True)
class Format:
    """How the `folder` data set reads files of a format, and what lies beside each of them."""

    ending: str
    settings: dict[str, Any]
    beside: dict[str, bytes] = field(default_factory=dict)

    def data(self, folder: str) -> dict[str, Any]:
        """The data set as a configuration gives it."""
        pattern = rf"(?P<subject>[a-z]+)/(?P<action>[a-z]+)\.{self.ending}"
        split = {"by": "subject", "test": ["good"]}
        return {"module": "folder", "folder": folder, "settings": {"pattern": pattern, "split": split, **self.settings}}

    def write(self, folder: Path, files: dict[str, bytes]) -> None:
        for path, content in {**self.beside, **files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


FORMATS = {
    "bvh": Format("bvh", {"reader_settings": {"unit_mm": 10}}),
    "amc": Format("amc", {"reader_settings": {"fps": 120}}, {"good/skeleton.asf": ASF, "other/skeleton.asf": ASF}),
    "expmap": Format("txt", {"reader": "expmap", "reader_settings": {"skeleton": "cmu", "unit_mm": 56.4, "fps": 120}}),
    "c3d": Format("c3d", {"reader_settings": {"up": "+z"}}),
    "ntu": Format("skeleton", {}),
}
