"""How motions become pose sequences for prediction; one module a protocol.

A module has ``place(sequence, scale)``, which takes one sequence's global positions and local rotations
(``base.Sequence``) and returns positions (frame, joint, xyz), float32, in the protocol's frame and unit; and
``NOMINAL``, whether a data set's nominal unit and frame time, those of published numbers, hold under it. A protocol
leaves the joint count alone: which joints a predictor sees is ``used_joints`` of ``samples.windows.cut``.
"""
