"""`python -m autograder`, and the command `autograder`."""

from __future__ import annotations

import gc
from typing import Any

MANY_OBJECTS = 100_000


def main() -> Any:
    """Run the command line. Its imports leave no garbage, so nothing looks for any meanwhile, and later seldom."""
    gc.disable()
    from autograder import cli

    gc.enable()
    gc.set_threshold(MANY_OBJECTS)  # a class makes little garbage, and a look goes over everything that was imported
    return cli.main()


if __name__ == "__main__":
    main()
