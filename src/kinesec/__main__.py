"""``python -m kinesec``: the command where no script is on the path."""

import sys

from kinesec.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
