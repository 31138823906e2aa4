"""`python -m autograder`, and the command `autograder`."""

from __future__ import annotations

import sys

from autograder import warm_client

MANY_OBJECTS = 100_000
STOPPED = 130  # exit code after a signal
SOON = 0.001  # seconds until a thread with an order for a warm process gets its turn


def forgive() -> None:
    """Let what a terminal cannot show be replaced: prose and names hold more than ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def main() -> object:
    """Run the command line: in the warm grader, if it is a command for that one, else here."""
    forgive()
    try:
        answer = warm_client.ask(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    if answer is None:
        return _here()
    sys.stderr.write(answer.err)
    sys.stdout.write(answer.out)
    return None


def _here() -> object:
    """Run the command line here. Its imports leave no garbage, so nothing looks for any meanwhile,
    and later seldom.
    """
    import atexit
    import gc

    gc.disable()
    try:
        from autograder.cli import early_start

        early_start.start(sys.argv[1:])
        from autograder.cli import app as cli
    except KeyboardInterrupt:  # nothing was begun
        sys.exit(STOPPED)
    gc.enable()
    sys.setswitchinterval(SOON)
    atexit.register(gc.freeze)  # else Python looks over everything once more before it ends
    # a class makes little garbage, and a look goes over everything that was imported
    gc.set_threshold(MANY_OBJECTS)
    return cli.main()


if __name__ == "__main__":
    main()
