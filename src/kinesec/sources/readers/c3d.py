"""C3D files: markers over time, by ezc3d, after ``_c3d_check`` has held the file's claims against its size.

A set of markers has no tree. All hang from a root of our own, ``centroid``, the mean of the kept markers in each frame;
a marker's rest offset is its mean place about it. There are no rotations and no body parts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion, Recording
from kinesec.motion.skeleton import Skeleton
from kinesec.sources.errors import BadFile
from kinesec.sources.readers._axes import check_unit, to_y_up
from kinesec.sources.readers._c3d_check import Claims, check
from kinesec.sources.readers._gaps import fill
from kinesec.sources.readers._text import LARGEST, load, shown

EXTENSIONS = (".c3d",)
ROOT = "centroid"
_UNIT_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0}


def _load(path: Path) -> tuple[Claims, dict[str, Any], np.ndarray, np.ndarray]:
    """Claims, parameters, points (frame, marker, xyz) and residuals (frame, marker)."""
    import ezc3d

    claims = check(path, load(path))
    try:
        file = ezc3d.c3d(str(path))
        points = np.asarray(file["data"]["points"], dtype=np.float64)[:3].T
        residuals = np.asarray(file["data"]["meta_points"]["residuals"], dtype=np.float64)[0].T
        analog = np.size(file["data"]["analogs"])
        parameters: dict[str, Any] = file["parameters"]
    except Exception as error:  # whatever the library dislikes
        raise BadFile(path, 0, f"what ezc3d cannot read ({error})", "a C3D file") from None
    if points.shape != (claims.frames, claims.points, 3) or residuals.shape != points.shape[:2]:
        raise BadFile(path, 0, f"points of shape {points.shape}", f"{claims.frames} frames of {claims.points} markers")
    if analog != claims.analog:  # samples between the points, so the points would be wrong too
        raise BadFile(path, 0, f"{analog} analog values by ezc3d", f"{claims.analog} as the header says")
    return claims, parameters, points, residuals


def _values(parameters: dict[str, Any], group: str, name: str) -> list[Any]:
    """A parameter's values, none where it is not there."""
    value = parameters.get(group, {}).get(name, {}).get("value", [])
    return list(np.ravel(value)) if not isinstance(value, str) else [value]


def _labels(path: Path, parameters: dict[str, Any], count: int) -> list[str]:
    labels: list[str] = []
    for more in ("", *range(2, 257)):
        block = _values(parameters, "POINT", f"LABELS{more}")
        if not block:
            break
        labels += [str(label).strip() for label in block]
    if len(labels) < count:
        raise BadFile(path, 0, f"{len(labels)} labels in POINT:LABELS", f"one for each of {count} markers")
    labels = labels[:count]
    prefixes = [str(prefix).strip() for prefix in _values(parameters, "SUBJECTS", "LABEL_PREFIXES")]
    bare = [next((label[len(p) :] for p in prefixes if p and label.startswith(p)), label) for label in labels]
    # Two subjects' markers can be told apart by their prefixes alone.
    return bare if len(set(bare)) == len(set(labels)) else labels


def _unit(path: Path, parameters: dict[str, Any], configured: float | None) -> tuple[float, str]:
    units = {str(unit).strip().lower() for unit in _values(parameters, "POINT", "UNITS")} - {""}
    if len(units) == 1 and units <= _UNIT_MM.keys():
        return _UNIT_MM[units.pop()], "read"
    if configured is None:
        named = ", ".join(sorted(units)) or "nothing"
        raise BadFile(path, 0, f"{named} in POINT:UNITS", "mm, cm or m, or unit_mm in the configuration")
    return check_unit(configured), "configured"


def _up(path: Path, parameters: dict[str, Any], configured: str | None) -> tuple[str, str]:
    axes = [str(axis).strip().lower() for axis in _values(parameters, "POINT", "Y_SCREEN")]
    if len(axes) == 1 and re.fullmatch(r"[+-]?[xyz]", axes[0]):
        return axes[0] if axes[0][0] in "+-" else f"+{axes[0]}", "read"
    if configured is None:
        raise BadFile(path, 0, "no up axis in POINT:Y_SCREEN", "one such as +Z, or up in the configuration")
    return configured, "configured"


def _keep(path: Path, labels: list[str], markers: Sequence[str] | None) -> list[int]:
    if markers is None:  # "*7" and "" are how programs write what nobody labelled: no marker keeps such a name
        kept = [index for index, label in enumerate(labels) if label and not label.startswith("*")]
    else:
        absent = [marker for marker in markers if marker not in labels]
        if absent:
            raise BadFile(path, 0, f"no marker {absent[0]!r}", "all markers of the configuration")
        kept = [labels.index(marker) for marker in markers]
    names = [labels[index] for index in kept]
    for name in names:
        if labels.count(name) > 1 or names.count(name) > 1 or name == ROOT:
            raise BadFile(path, 0, f"marker {shown(name)} twice", f"labels that are unique, and none is {ROOT!r}")
    if not kept:
        raise BadFile(path, 0, f"no labelled marker among {len(labels)}", "at least one")
    return kept


def read(
    path: str | Path,
    *,
    unit_mm: float | None = None,
    up: str | None = None,
    handedness: str = "right",
    markers: Sequence[str] | None = None,
) -> tuple[Motion, ...]:
    """The one set of markers of a file, as joints that hang from their centroid.

    ``unit_mm`` and ``up`` count where the file does not say (POINT:UNITS, POINT:Y_SCREEN). ``markers`` names those to
    keep, in that order; without it all are kept but the unlabelled. A subject's prefix (SUBJECTS:LABEL_PREFIXES) is
    left out of the names. A marker is ``missing`` where its residual is negative, its place is NaN or exactly the
    origin, which is how programs write an occlusion; the place is then interpolated.

    Raises ``BadFile`` for anything that does not follow the format, an unknown unit or up axis, a label that stands
    twice, a marker that is never seen; ``ConfigError`` for an unusable setting.
    """
    path = Path(path)
    if markers is not None and (isinstance(markers, str) or not markers):
        raise ConfigError(f"markers: found {markers!r}, expected a list of labels")
    if up is not None:
        to_y_up(up, handedness)
    claims, parameters, points, residuals = _load(path)
    labels = _labels(path, parameters, claims.points)
    kept = _keep(path, labels, markers)
    unit, unit_from = _unit(path, parameters, unit_mm)
    axis, axes_from = _up(path, parameters, up)
    (rate,) = _values(parameters, "POINT", "RATE")
    points, residuals = points[:, kept], residuals[:, kept]
    seen = np.isfinite(points).all(axis=-1) & ~(residuals < 0) & (points != 0).any(axis=-1)
    names = [labels[index] for index in kept]
    if not seen.any(axis=0).all():
        raise BadFile(path, 0, f"marker {names[int(np.argmin(seen.any(axis=0)))]!r} in no frame", "in at least one")
    if not (np.abs(points[seen]) * unit < LARGEST).all():
        frame = int(np.argwhere(seen & ~(np.abs(points) * unit < LARGEST).all(axis=-1))[0, 0])
        raise BadFile(path, 0, f"a marker beyond {LARGEST:g} mm in frame {frame}", "millimetres in a room")
    placed = fill(np.where(seen[..., None], points, 0.0), seen) * unit @ to_y_up(axis, handedness).T
    position = np.concatenate([placed.mean(axis=1, keepdims=True), placed], axis=1)
    skeleton = Skeleton(
        names=(ROOT, *names),
        parents=(-1, *[0] * len(names)),
        offsets=(position - position[:, :1]).mean(axis=0),
    )
    left_out = len(labels) - len(kept)
    return (
        Motion(
            skeleton=skeleton,
            position=position.astype(np.float32),
            fps=float(rate),
            recording=Recording(
                unit_mm=unit,
                unit_from=unit_from,
                fps_from="read",
                up=axis,
                handedness=handedness,
                axes_from=axes_from,
                notes=(f"{left_out} of {len(labels)} markers left out",) if left_out else (),
            ),
            missing=np.concatenate([~seen.all(axis=1, keepdims=True), ~seen], axis=1),
        ),
    )
