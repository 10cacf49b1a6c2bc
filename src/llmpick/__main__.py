"""`llmpick`, and `python -m llmpick`: one command in a process of its own."""

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line."""
    gc.set_threshold(100_000)  # what a command makes lives until it ends
    from llmpick import cli

    cli.main()


if __name__ == "__main__":
    main()
