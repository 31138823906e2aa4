"""nbgrader's own commands, run for real: each in a process forked from one that has imported them.

A command takes a second to start otherwise. What runs is what `nbgrader …` runs, with the same
arguments, in its own folder, as its own user.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVER = r"""
import json, os, sys
import encodings.idna, locale, pwd, stringprep, tempfile, uuid
import IPython, ipykernel, jupyter_client, nbclient, nbconvert, nbgrader, rapidfuzz
import nbgrader.apps, nbgrader.apps.nbgraderapp, nbgrader.auth, nbgrader.converters, nbgrader.exchange.default
import nbgrader.plugins, nbgrader.preprocessors, nbgrader.server_extensions, sqlalchemy.dialects.sqlite
from nbgrader.apps import NbGraderApp
for line in sys.stdin:
    told = json.loads(line)
    pid = os.fork()
    if pid == 0:
        try:
            out = os.open(told["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
            null = os.open(os.devnull, os.O_RDONLY)
            for source, target in ((null, 0), (out, 1), (out, 2)):
                os.dup2(source, target)
            if told["user"] is not None:
                user = pwd.getpwuid(told["user"])
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            os.chdir(told["folder"])
            os.environ.update(told["environment"])
            sys.argv = ["nbgrader", *told["arguments"]]
            code = 0
            try:
                NbGraderApp.launch_instance()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        except BaseException:
            import traceback
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(70)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    text: str


class Stock:
    """Runs commands, one after the other. Close it at the end."""

    def __init__(self, room: Path) -> None:
        self._out = room / "said.txt"
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            env=os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        folder: Path,
        *arguments: str,
        user: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Said:
        """What became of `nbgrader ARGUMENTS` in a folder.

        Args:
            user: whom it runs as; whoever runs the tests, if None.
            environment: what it finds there besides.
        """
        self._out.unlink(missing_ok=True)
        told: dict[str, Any] = {
            "arguments": arguments,
            "environment": {"HOME": str(folder), **(environment or {})},
            "folder": str(folder),
            "out": str(self._out),
            "user": user,
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Said(code, self._out.read_text("utf-8", "replace"))

    def does(self, folder: Path, *arguments: str, **more: Any) -> str:
        """The same for a command that has to end well: what it said."""
        said = self.run(folder, *arguments, **more)
        assert said.code == 0, said.text[-3000:]
        assert "Traceback" not in said.text, said.text[-3000:]
        return said.text

    def close(self) -> None:
        self._process.communicate()
