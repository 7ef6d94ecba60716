"""One command a module, named as it is typed (``_`` for ``-``): ``HELP``, ``add(parser)`` and ``run(arguments)``."""
