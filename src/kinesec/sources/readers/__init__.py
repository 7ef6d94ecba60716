"""Readers: one raw file format a module.

Each module has ``EXTENSIONS`` (lower case, with the dot), its default ``read(path, **settings)`` and nothing else to
register. ``read`` returns one ``Motion`` a body, in millimetres, y up, right-handed, and raises ``BadFile`` for
anything that does not follow the format: no other exception leaves a reader, and no value is guessed in silence.
"""
