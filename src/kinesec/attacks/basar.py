"""BASAR: black-box attack on skeletal action recognition (Diao et al., CVPR 2021).

Random exploration, aimed probing and manifold projection, in turns; see papers' section in docs/definitions.md for what
is ours where the description leaves room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kinesec.attacks.boundary import OFFICIAL_CAPS, Boundary
from kinesec.settings import Whole


@dataclass(frozen=True, kw_only=True)
class BASAR(Boundary):
    """As the released demonstration: 500 steps, projected after 250 and at the end."""

    project_every: Whole = 250


NAME = "BASAR"
ACCESS = "labels"
ATTACK = BASAR
PRESETS: dict[str, dict[str, Any]] = {"paper": {}, "official": {"caps": OFFICIAL_CAPS, "keep": "last"}}
