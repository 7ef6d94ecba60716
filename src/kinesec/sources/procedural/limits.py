"""What holds for every take at 60 frames per second; the package says what each limit means."""

from __future__ import annotations

BONE_MM = 0.01
CONTACT_MM = 5.0
SLIP_MM = 15.0
FLOOR_MM = 5.0
ACCELERATION = 350.0  # m/s²
JERK = 40_000.0  # m/s³
KNEE_DEGREES = (5.0, 150.0)
ELBOW_DEGREES = (3.9, 150.1)
STANDING_MM = 40.0
LENGTH = (0.5, 1.7)
