"""`python -m hsnn_event` is the command `hsnn-event`."""

import sys

from hsnn_event.cli import main

if __name__ == "__main__":
    sys.exit(main())
