"""`python -m autograder`, and the command `autograder`."""

from __future__ import annotations

import gc
from typing import Any


def main() -> Any:
    """Run the command line. Its imports leave no garbage, so nothing looks for any meanwhile."""
    gc.disable()
    from autograder import cli

    gc.enable()
    return cli.main()


if __name__ == "__main__":
    main()
