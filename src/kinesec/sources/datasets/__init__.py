"""Data sets: how a data set's files become labelled, split sequences; one module each.

A module has ``INFO`` (an ``Info``), ``items(files, settings)``, which labels and splits the files by their paths
alone, and ``read(root, item, settings)``, which returns one ``Motion`` a body. ``settings`` is the data set's mapping
from the configuration. To add a data set without code, use ``folder``.
"""
