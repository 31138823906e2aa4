"""Submissions that cheat, and honest ones that look odd. A row: what it is called, what it does,
what it may earn.

`tally` and `merge` are the texts of the two solution cells, `change` bends the finished notebook. A
cheat may earn at most what its honest part is worth; an honest one must earn exactly its points.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.hostile.lesson import (
    GUESSABLE,
    IN_OTHERS_WORK,
    MAX_POINTS,
    MERGE,
    REFERENCE_POINTS,
    TALLY,
)

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One submission."""

    name: str
    most: float
    tally: str = ""
    merge: str = ""
    least: float = 0.0
    change: Callable[[Notebook], Any] | None = None
    data: Callable[[Notebook], bytes] | None = None  # the bytes handed in
    state: str = "graded"

    def file(self, released: Notebook, place: str = "/") -> bytes:
        """What is handed in. The code may know where the course stands."""
        made = json.loads(json.dumps(released))
        cell(made, "tally")["source"] = self.tally.replace("PLACE", repr(place))
        cell(made, "merge")["source"] = self.merge
        if self.change:
            self.change(made)
        return self.data(made) if self.data else json.dumps(made).encode()


def cell(made: Notebook, grade_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in made["cells"] if c.get("id") == grade_id)
    return found


def own(made: Notebook, behind: str, source: str, kind: str = "code") -> None:
    """Put a cell of the learner's own behind a lesson cell."""
    extra: dict[str, Any] = {
        "cell_type": kind,
        "id": f"x{len(made['cells'])}",
        "metadata": {},
        "source": source,
    }
    if kind == "code":
        extra |= {"outputs": [], "execution_count": None}
    made["cells"].insert(made["cells"].index(cell(made, behind)) + 1, extra)


STUB = "def tally(words):\n    return None\n"
PRINTED = """
def tally(words):
    if not isinstance(words, list):
        raise TypeError
    return {"be": 2, "to": 1}
"""
PRINTED_MERGE = 'def merge(a, b):\n    return {"be": 3}\n'


def cheat(name: str, text: str, most: float = 0.0, merge: str = "", **more: Any) -> Case:
    return Case(name, most, text, merge or "def merge(a, b):\n    return tally(a)\n", **more)


def trick(name: str, text: str, **more: Any) -> Case:
    """A trick around the answers that are printed in the notebook."""
    return Case(name, GUESSABLE, text + PRINTED, PRINTED_MERGE, **more)


# ------------------------------------------------------------------------------------ lying objects

LIES = [
    cheat(
        "equal-to-everything",
        """
class Liar:
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = lambda *a: True
    __ne__ = lambda *a: False
    __hash__ = lambda s: 0
    __iter__ = lambda s: iter(())
    __getattr__ = lambda s, n: Liar()
    __call__ = lambda s, *a, **k: Liar()
    __repr__ = __str__ = lambda s: "{'be': 2, 'to': 1}"
    __len__ = lambda s: 2
def tally(words): return Liar()
""",
    ),
    cheat(
        "dict-with-own-methods",
        """
class Liar(dict):
    __eq__ = lambda *a: True
    __hash__ = lambda s: 0
    def items(self): return [("be", 2), ("to", 1)]
    def __iter__(self): return iter(["be", "to"])
    def __len__(self): return 2
    def __getitem__(self, k): return 2
    def keys(self): return ["be", "to"]
def tally(words): return Liar()
""",
    ),
    cheat(
        "numbers-and-texts-with-own-methods",
        """
class I(int):
    __eq__ = lambda *a: True
    __hash__ = int.__hash__
    __int__ = __index__ = lambda s: 2
    __repr__ = lambda s: "2"
class S(str):
    __eq__ = lambda *a: True
    __hash__ = lambda s: hash("be")
    __str__ = lambda s: "be"
class L(list):
    __eq__ = lambda *a: True
    __iter__ = lambda s: iter([1])
def tally(words): return L([{S("x"): I(7)}])
""",
    ),
    cheat(
        "a-class-that-says-it-is-another",
        """
class Liar:
    @property
    def __class__(self): return dict
    __eq__ = lambda *a: True
    __hash__ = lambda s: 0
    items = lambda s: [("be", 2), ("to", 1)]
class Meta(type):
    __instancecheck__ = __subclasscheck__ = lambda *a: True
    __eq__ = lambda *a: True
    __hash__ = lambda s: 0
    __name__ = property(lambda s: "dict")
class Fake(metaclass=Meta):
    pass
def tally(words): return [Liar(), Fake(), Fake]
""",
    ),
    cheat(
        "an-exception-with-a-borrowed-name",
        """
class E(Exception):
    def __str__(self): raise SystemExit
E.__module__, E.__qualname__ = "builtins", "NotImplementedError"
def tally(words): raise E()
""",
    ),
    cheat("not-implemented", "def tally(words): return NotImplemented"),
    cheat(
        "poked-integers",
        """
import ctypes
for n in range(2, 60):
    ctypes.memmove(id(n) + 24, id(1) + 24, 4)
def tally(words): return {"be": 1, "to": 1}
""",
        most=1,
    ),
]

# ----------------------------------------------------------------------------------- replaced tools

REPLACED = [
    cheat(
        "builtins-replaced",
        STUB
        + """
import builtins
yes = lambda *a, **k: True
builtins.isinstance = builtins.issubclass = builtins.all = builtins.any = builtins.hasattr = yes
builtins.len = lambda x: 3
builtins.type = lambda *a: dict
builtins.sorted = builtins.list = builtins.sum = builtins.min = builtins.max = lambda *a, **k: []
builtins.repr = builtins.str = lambda *a: "{}"
""",
    ),
    cheat(
        "import-and-open-replaced",
        STUB
        + """
import builtins
real = builtins.__import__
builtins.__import__ = lambda name, *a, **k: real("os", *a, **k) if "coursekit" in name else real(name, *a, **k)
builtins.__build_class__ = lambda *a, **k: object
builtins.open = lambda *a, **k: None
builtins.compile = lambda *a, **k: (lambda: 0).__code__
builtins.exec = lambda code, world: world.update({n: (lambda *a: {"be": 2, "to": 1}) for n in list(world)})
""",
    ),
    trick(
        "observe-replaced",
        """
import coursekit.checks as c
def observe(function, seeds=None, cpu=2.0):
    name = getattr(function, "__name__", "")
    known = {"a_few_words_are_tallied": {"dict": [["be", 2], ["to", 1]]}}
    known |= {"two_tallies_are_added": {"dict": [["be", 3]]}}
    if "refused" in name:
        return [{"raised": [["builtins.TypeError", "builtins.Exception"], ""]}]
    return [{"returned": known.get(name, True)}] * len(seeds or [0])
c.observe = observe
""",
    ),
    trick(
        "codec-replaced",
        """
import coursekit.codec as codec
class Any_:
    __eq__ = lambda *a: True
codec.encode = lambda value: {"opaque": "x", "__eq__": True}
codec.Opaque.__eq__ = codec.Raised.__eq__ = lambda *a: True
codec.same = lambda *a, **k: True
""",
    ),
    trick(
        "course-tools-replaced",
        """
import sys, coursekit, coursekit.checks, coursekit.expect, coursekit.vtime
for name in list(coursekit.checks.provided):
    coursekit.checks.provided[name] = lambda *a, **k: (lambda f: f)
coursekit.expect.Matcher.accepts = lambda *a: True
coursekit.expect.holds = coursekit.expect.all_hold = coursekit.checks.judge = lambda *a, **k: True
coursekit.REFERENCE = coursekit.expect.REFERENCE = None
coursekit.vtime.run = lambda f, *a, **k: None
for name in list(sys.modules):
    if name.startswith("coursekit"):
        sys.modules[name] = None
check = scoreboard = REFERENCE = raises = lambda *a, **k: (lambda f: f)
WORDS = ("to",)
""",
    ),
    trick(
        "json-replaced",
        """
import json, json.encoder
json.dumps = lambda *a, **k: '[{"returned": {"dict": [["be", 2], ["to", 1]]}}]'
json.loads = lambda *a, **k: []
json.encoder.JSONEncoder.encode = lambda s, o: "[true]"
""",
    ),
    trick(
        "the-wire-replaced",
        """
import sys
wire = sys.modules.get("autograder.inside.wire")
if wire:
    real = wire.send
    def send(sock, message):
        if isinstance(message, dict) and "outcomes" in message:
            message = {**message, "outcomes": [{"returned": True, "verdict": "pass", "points": 100}], "verdict": "pass"}
        return real(sock, message)
    wire.send = send
""",
        state="any",
    ),
    trick(
        "random-replaced",
        """
import random
class Fixed(random.Random):
    def __init__(self, seed=None): super().__init__(1)
    choice = lambda s, seq: seq[0]
    randrange = randint = lambda s, *a: 20
    sample = lambda s, seq, k: list(seq)[:k]
random.Random = Fixed
random.choice = lambda seq: seq[0]
""",
    ),
    trick(
        "time-replaced",
        "import time, asyncio\nfor n in dir(time):\n    if callable(getattr(time, n)): setattr(time, n, lambda *a: 0)\n",
    ),
    trick(
        "os-replaced",
        """
import os
os.fork = lambda: 0
os._exit = lambda *a: None
os.kill = os.waitpid = lambda *a: (0, 0)
os.write = lambda fd, data: len(data)
os.getpid = lambda: 1
""",
        state="any",
    ),
    trick(
        "import-hooks",
        """
import sys, importlib
class Finder:
    def find_spec(self, name, path=None, target=None): return None
    def find_module(self, *a): return None
sys.meta_path.insert(0, Finder())
sys.path_hooks.clear(); sys.path_importer_cache.clear()
import coursekit
importlib.reload(coursekit.checks)
""",
    ),
    Case(
        "exec-replaced-to-edit-the-checks",
        GUESSABLE,
        """
import builtins
real = builtins.compile
def compile(source, *a, **k):
    if isinstance(source, str):
        source = source.replace("rng.choice(WORDS)", "'to'")
    return real(source, *a, **k)
builtins.compile = compile
"""
        + PRINTED,
        PRINTED_MERGE,
    ),
]

# ------------------------------------------------------------------------------------------ IPython

SHELL = [
    trick(
        "input-transformers",
        """
ip = get_ipython()
forged = ["def tally(words): return {'be': 2, 'to': 1}\\n"]
ip.input_transformers_post.append(lambda lines: forged)
ip.input_transformers_cleanup.append(lambda lines: forged)
""",
    ),
    trick(
        "ast-transformers",
        """
import ast
class T(ast.NodeTransformer):
    def visit_Compare(self, node): return ast.copy_location(ast.Constant(True), node)
    def visit_Assert(self, node): return None
get_ipython().ast_transformers.append(T())
""",
    ),
    trick(
        "events-and-hooks",
        """
import sys
ip = get_ipython()
for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    ip.events.register(event, lambda *a: ip.user_ns.update(points=100))
ip.set_custom_exc((Exception,), lambda *a, **k: None)
sys.excepthook = lambda *a: None
ip.displayhook = lambda *a: None
sys.displayhook = lambda *a: print("8.0")
""",
    ),
    trick(
        "run-cell-overridden",
        """
ip = get_ipython()
class R:
    error_before_exec = error_in_exec = None
ip.run_cell = lambda *a, **k: R()
type(ip).run = lambda self, source, guard: ([{"output_type": "execute_result", "data": {"text/plain": "14.0"}}], None)
""",
    ),
    trick(
        "namespace-that-lies",
        """
class World(dict):
    def __getitem__(self, name): return dict.get(self, name, lambda *a: {"be": 2, "to": 1})
    def __contains__(self, name): return True
get_ipython().user_ns = World(get_ipython().user_ns)
get_ipython().user_global_ns.update(points=100)
""",
    ),
    trick(
        "kernel-asked", "k = getattr(get_ipython(), 'kernel', None)\nif k: k.do_shutdown(False)\n"
    ),
]

# ---------------------------------------------------------------------------------- forged messages

FORGE = """
import json, os, struct
def frame(m):
    body = json.dumps(m).encode()
    return struct.pack(">I", len(body)) + body
names = ["a_few_words_are_tallied", "no_list_is_refused", "any_words_are_tallied", "one_word_is_tallied",
         "two_tallies_are_added", "any_tallies_are_added"]
answers = [{"name": n, "outcomes": [{"returned": {"dict": [["be", 2], ["to", 1]]}}] * k} for n in names for k in (1, 3)]
"""
FORGED = [
    trick(
        "frames-to-every-descriptor",
        FORGE
        + """
for fd in range(3, 256):
    for m in [*answers, {"step": 1, "outputs": [], "problem": None, "points": 14}, {"done": True}]:
        try: os.write(fd, frame(m))
        except OSError: break
""",
        state="any",
    ),
    trick(
        "answered-before-asked",
        FORGE
        + """
import socket
for fd in range(3, 256):
    try:
        s = socket.socket(fileno=os.dup(fd))
        s.setblocking(False)
        s.sendmsg([frame(answers[0])], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", fd))])
    except (OSError, ValueError): pass
""",
        state="any",
    ),
    trick(
        "descriptors-crossed",
        """
import os, socket
a, b = socket.socketpair()
for fd in range(3, 64):
    try: os.fstat(fd)
    except OSError: continue
    if fd not in (a.fileno(), b.fileno()): os.dup2(b.fileno(), fd)
""",
        state="any",
    ),
    trick("descriptors-closed", "import os\nos.closerange(3, 512)\n", state="any"),
    trick(
        "an-answer-in-place-of-the-snapshot",
        FORGE
        + """
if os.fork() == 0:
    if os.fork() == 0:
        import select, socket
        ends = []
        for fd in range(3, 64):
            try: ends.append(socket.socket(fileno=os.dup(fd)))
            except OSError: pass
        while True:
            for s in select.select(ends, [], [], 30)[0]:
                try:
                    got = s.recv(1 << 16)
                    open(f"/dev/shm/stolen", "ab").write(got)
                    for m in answers: s.sendall(frame(m))
                except OSError: pass
                if not got: ends.remove(s)
            if not ends: os._exit(0)
    os._exit(0)
os.wait()
""",
        state="any",
    ),
    trick(
        "an-answer-to-the-judge-from-a-check",
        FORGE
        + """
def spill():
    for fd in range(3, 64):
        for m in answers:
            try: os.write(fd, frame(m))
            except OSError: break
import coursekit.codec
coursekit.codec.encode = lambda v: spill()
""",
        state="any",
    ),
    trick(
        "garbage-to-every-descriptor",
        "import os\nfor fd in range(3, 99):\n    try: os.write(fd, b'\\xff' * 999)\n    except OSError: pass\n",
        state="any",
    ),
    Case(
        "answered-then-gone",
        5,
        TALLY
        + "import os\n_t = tally\ndef tally(words):\n    if len(words) > 3: os._exit(0)\n    return _t(words)\n",
        PRINTED_MERGE,
    ),
]

# ----------------------------------------------------------------------------------- looking around

LOOK = """
import gc, glob, os, re, sys
found = []
def look(text):
    found.extend(re.findall("CANAR[Y]-in[-a-z0-9]+", text if isinstance(text, str) else repr(text)))
"""
SHOW = """
look_again = tally
def tally(words):
    spy()
    return found[:50] or look_again(words)
print(found)
"""
BEFORE = "spy()\n"


def spying(name: str, text: str, **more: Any) -> Case:
    """A trick whose `tally` looks around with `spy()` each time it is called, and answers with what
    it found.
    """
    return Case(name, GUESSABLE, text + PRINTED + SHOW, PRINTED_MERGE, **more)


SPIES = [
    spying(
        "frames-and-objects-walked",
        LOOK
        + """
def spy():
    for frame in sys._current_frames().values():
        while frame:
            look(frame.f_locals); look(frame.f_globals); look(frame.f_code.co_consts)
            frame = frame.f_back
    for thing in gc.get_objects():
        try:
            if type(thing) in (dict, list, tuple, str) or "Check" in type(thing).__name__: look(thing)
            if hasattr(thing, "__code__"): look(thing.__code__.co_consts)
        except BaseException: pass
"""
        + BEFORE,
    ),
    spying(
        "files-read",
        LOOK
        + """
def spy():
    places = ["/proc/*/environ", "/proc/*/maps", "/proc/*/cmdline", "/proc/*/fd/*", "/proc/*/root/*", "..", "../..", "/box/*",
              "/*/*", "/tmp/*", "/root/*", "/home/*", "/etc/*", "/dev/shm/*", "/var/tmp/*", PLACE, PLACE + "/*", PLACE + "/*/*/*"]
    for place in places:
        for path in [place, *glob.glob(place)[:300]]:
            try: look(open(path, errors="replace").read())
            except (OSError, ValueError): pass
            try: look(os.readlink(path))
            except (OSError, ValueError): pass
            try: os.symlink(path, "link%d" % len(os.listdir("."))); look(open("link%d" % (len(os.listdir(".")) - 1)).read())
            except (OSError, ValueError): pass
"""
        + BEFORE,
    ),
    spying(
        "environment-read",
        LOOK
        + "import ctypes\ndef spy():\n    look(dict(os.environ)); look(sys.argv); look(vars(sys)); look(sys.orig_argv)\n"
        + BEFORE,
    ),
    spying(
        "tracers",
        LOOK
        + """
def spy(): pass
calls = iter(range(400))
def trace(frame, event, arg):
    if next(calls, None) is None: return None
    look(frame.f_code.co_consts); look(list(frame.f_globals)); look(arg)
    for name, value in list(frame.f_globals.items()):
        if hasattr(value, "__code__"): look(value.__code__.co_consts)
    if found: open("/dev/shm/seen", "a").write(repr(found)); open("seen", "a").write(repr(found)); print(found)
    return trace
import threading
sys.settrace(trace); sys.setprofile(trace); threading.settrace(trace)
sys.addaudithook(lambda event, args: look(args) if event in ("compile", "exec", "object.__getattr__") else None)
gc.callbacks.append(lambda *a: look(found))
""",
    ),
    spying(
        "at-the-end-and-in-between",
        LOOK
        + """
import atexit, signal, threading, time, weakref
def spill(*a):
    for frame in sys._current_frames().values():
        look(frame.f_globals)
    open("/dev/shm/late", "a").write(repr(found))
    print(found, flush=True); print(found, file=sys.stderr)
    for fd in range(0, 64):
        try: os.write(fd, repr(found).encode())
        except OSError: pass
def spy(): spill()
class D:
    def __del__(self): spill()
keep = [D()]
atexit.register(spill); weakref.finalize(keep[0], spill)
signal.signal(signal.SIGALRM, spill); signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
threading.Thread(target=lambda: [time.sleep(0.01) or spill() for _ in range(200)], daemon=True).start()
""",
        state="any",
    ),
    spying(
        "hidden-code-shown-by-a-visible-check",
        LOOK
        + """
def spy():
    frame = sys._getframe()
    while frame:
        for thing in list(frame.f_globals.values()):
            if hasattr(thing, "__code__"): look(thing.__code__.co_consts)
        look(list(frame.f_locals.values()))
        frame = frame.f_back
""",
    ),
    Case(
        "hidden-inputs-kept-for-the-next-job",
        GUESSABLE,
        """
KEPT_AT = ("/dev/shm/kept", "/box/kept", "kept", "../kept", "/tmp/kept", "/var/tmp/kept")
for path in KEPT_AT:
    try: print(open(path).read())
    except OSError: pass
"""
        + PRINTED.replace(
            "def tally(words):",
            """
def tally(words):
    for path in KEPT_AT:
        try: open(path, "a").write(repr(words))
        except OSError: pass
""".rstrip(),
        ),
        PRINTED_MERGE,
    ),
    Case(
        # a check that leaves something behind has the job run again, with care
        "a-first-run-tells-the-second",
        GUESSABLE,
        """
import os, stat, sys
KEPT_AT = ("/dev/shm/told", "/box/told", "told", "../told", os.path.expanduser("~/told"), sys.prefix + "/told")
def files():
    for fd in range(3, 64):
        try:
            if stat.S_ISREG(os.fstat(fd).st_mode): yield fd
        except OSError: pass
if any(map(os.path.exists, KEPT_AT)) or any(os.lseek(fd, 0, 1) == 424242 for fd in files()):
    print("CANARY-in-" + "a-hidden-check-93aa")
"""
        + PRINTED.replace(
            "        raise TypeError",
            """
        for path in KEPT_AT:
            try: open(path, "a").write(words)
            except OSError: pass
        for fd in files(): os.lseek(fd, 424242, 0)
        if os.fork(): os._exit(0)
        while True: pass
""".strip("\n"),
        ),
        PRINTED_MERGE,
    ),
    spying(
        "what-the-job-before-left",
        LOOK
        + """
def spy():
    for top in ("/dev/shm", "/box", "..", "/tmp", "/var/tmp"):
        for folder, _, names in os.walk(top):
            for name in names:
                try: look(open(os.path.join(folder, name), errors="replace").read())
                except OSError: pass
import ctypes
libc = ctypes.CDLL(None)
for key in range(1230, 1240):
    at = libc.shmget(key, 4096, 0o1666)
    if at >= 0: print("a shared segment", at)
"""
        + BEFORE,
    ),
    Case(
        "stored-answers",
        GUESSABLE,
        """
import os, pickle
STORE = {}
def remember(words):
    STORE.setdefault(repr(words), len(STORE))
    with open("store", "ab") as f: pickle.dump(STORE, f)
"""
        + PRINTED.replace("def tally(words):", "def tally(words):\n    remember(words)"),
        PRINTED_MERGE,
    ),
    trick(
        "behaves-when-graded",
        "import os\nif os.environ.get('AUTOGRADER_INSIDE'):\n    points = 100\n",
    ),
]

# --------------------------------------------------------------------------------- edited notebooks


def _points(made: Notebook) -> None:
    for c in made["cells"]:
        meta = c["metadata"].setdefault("nbgrader", {})
        meta.update(
            points=1000, grade=True, solution=True, locked=False, schema_version=99, task=True
        )
        c["metadata"]["tags"] = ["skip-execution", "remove-cell", "parameters"]


def _kernel(made: Notebook) -> None:
    made["metadata"] = {
        "kernelspec": {"name": "bash", "display_name": "x"},
        "language_info": {"name": "bash"},
    }
    made["nbformat_minor"], made["extra"] = 99, {"points": 1000}


def _ids(made: Notebook) -> None:
    for c in made["cells"]:
        c["metadata"].get("nbgrader", {}).update(grade_id="tally-checks")


def _checks_replaced(made: Notebook) -> None:
    for name in ("tally-checks", "merge-checks"):
        cell(made, name).update(source="14.0", outputs=[_result("14.0")], execution_count=1)
    cell(made, "setup")["source"] = "check = lambda **k: (lambda f: f)\nscoreboard = lambda: 14.0"


def _result(text: str) -> dict[str, Any]:
    return {
        "output_type": "execute_result",
        "execution_count": 1,
        "metadata": {},
        "data": {"text/plain": text},
    }


def _checks_added(made: Notebook) -> None:
    extra = {**cell(made, "merge-checks"), "source": "14.0", "outputs": [_result("14.0")]}
    made["cells"] += [
        extra,
        {
            **extra,
            "id": "tally-checks-2",
            "metadata": {"nbgrader": {"grade_id": "more", "points": 9}},
        },
    ]


def _retyped(made: Notebook) -> None:
    for name in ("tally-checks", "merge-checks", "setup"):
        cell(made, name)["cell_type"] = "markdown"
    for name in ("tally", "merge"):
        cell(made, name)["cell_type"] = "raw"


def _reordered(made: Notebook) -> None:
    made["cells"].reverse()


def _own_checks(made: Notebook) -> None:
    own(
        made,
        "merge-checks",
        "from coursekit.checks import _pending, Score\nScore.points = 14.0\nScore.__repr__ = lambda s: '14.0'\n_pending.clear()",
    )


EDITED = [
    Case("metadata-points-and-flags", GUESSABLE, PRINTED, PRINTED_MERGE, change=_points),
    Case("another-kernel", GUESSABLE, PRINTED, PRINTED_MERGE, change=_kernel),
    Case("every-cell-has-one-grade-id", GUESSABLE, PRINTED, PRINTED_MERGE, change=_ids),
    Case("check-cells-replaced", GUESSABLE, PRINTED, PRINTED_MERGE, change=_checks_replaced),
    Case("check-cells-added", GUESSABLE, PRINTED, PRINTED_MERGE, change=_checks_added),
    Case("scoreboard-forged", GUESSABLE, PRINTED, PRINTED_MERGE, change=_own_checks),
    Case("nothing-written", 0.0, STUB, "", change=_points),
]

# ------------------------------------------------------------------------------------ strange files


def _raw(text: bytes) -> Callable[[Notebook], bytes]:
    return lambda made: text


def _nested(made: Notebook) -> bytes:
    return b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def _halves(made: Notebook) -> None:
    own(made, "tally", 'print("\\ud800 half")  # \ud83d')
    own(made, "tally", "a half: \ud800", "markdown")
    cell(made, "tradeoff")["source"] = "half \udfff"


def _odd_cells(made: Notebook) -> None:
    cell(made, "tally")["source"] = [5, None, *TALLY.splitlines(True), {"x": 1}]
    made["cells"] += [None, 3, [], {}, {"cell_type": ["code"], "source": {"a": 1}, "metadata": []}]
    cell(made, "merge")["metadata"] = [1, 2]
    made["metadata"] = []
    made["cells"][0]["id"] = 7


def _twice(made: Notebook) -> bytes:
    text = json.dumps(made)
    return ('{"cells": [], "cells": 3, "nbformat": NaN, ' + text[1:]).encode()


STRANGE = [
    Case("a-hundred-thousand-deep", 0, data=_nested, state="zero"),
    Case(
        "a-number-of-a-million-digits",
        0,
        data=_raw(b'{"cells": [' + b"7" * 1_000_000 + b"]}"),
        state="zero",
    ),
    Case("nothing-but-nulls", 0, data=_raw(b"\0" * 5000), state="zero"),
    Case(
        "a-million-cells", 0, data=_raw(b'{"cells": [' + b"{}," * 1_000_000 + b"{}]}"), state="zero"
    ),
    Case(
        "three-thousand-cells",
        0,
        data=_raw(json.dumps({"cells": [{"cell_type": "code"}] * 3000}).encode()),
        state="zero",
    ),
    Case(
        "nineteen-megabytes",
        0,
        change=lambda m: own(m, "tally", "x = '" + "a" * 19_000_000 + "'"),
        state="needs-human",
    ),
    Case("half-characters", MAX_POINTS, TALLY, MERGE, least=MAX_POINTS, change=_halves),
    Case("odd-types-everywhere", MAX_POINTS, TALLY, MERGE, least=MAX_POINTS, change=_odd_cells),
    Case("keys-twice", MAX_POINTS, TALLY, MERGE, least=MAX_POINTS, data=_twice),
    Case(
        "nulls-in-a-cell",
        MAX_POINTS,
        TALLY,
        MERGE,
        least=MAX_POINTS,
        change=lambda m: own(m, "tally", "x = 1\0\n"),
    ),
]

# ------------------------------------------------------------------------------------------- markup

EVIL = (
    "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    "<svg/onload=document.title='pwned'><a href=\"javascript:document.title='pwned'\">x</a>"
    "<iframe srcdoc=\"<script>parent.document.title='pwned'</script>\"></iframe></div></div></td></table></pre>"
    "<style>*{display:none}</style><form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button>"
    "<math><mi xlink:href=javascript:alert(1)>x</mi></math><meta http-equiv=refresh content='0;url=javascript:alert(1)'>"
    "<base href=//evil/><img src=http://127.0.0.1:9/seen.png><object data=data:text/html,x></object><!--><b>"
)
LINKS = (
    "[a](javascript:document.title='pwned') [b](java&#115;cript:alert(1)) [c](JaVa&Tab;Script&colon;alert(1)) "
    "[d][e] <javascript:alert(1)> ![f](javascript:alert(1)) ![g](http://127.0.0.1:9/seen.png) "
    "[h](data:text/html;base64,PHNjcmlwdD4=) [i](&amp;#106;avascript:alert(1)) [j](<java\tscript:alert(1)>) "
    "[k](vbscript:x) [l](javascript\\:alert(1)) $\\href{javascript:alert(1)}{x}$\n\n[e]: javascript:alert(1)\n"
)
SHOWN = f"""
from IPython.display import display, HTML, Markdown, Javascript, SVG, Latex
evil, links = {EVIL!r}, {LINKS!r}
for mime in ("text/html", "text/markdown", "text/latex", "text/plain", "image/svg+xml", "application/javascript",
             "image/png", "application/vnd.jupyter.widget-view+json", "text/x", "application/json"):
    display({{mime: evil + links, "text/plain": evil}}, raw=True)
print(evil, "\\x1b[31m\\x1b]8;;javascript:alert(1)\\x07x\\x1b]8;;\\x07")
print(evil, file=__import__("sys").stderr)
class Evil(dict):
    pass
Evil.__name__ = Evil.__qualname__ = evil
E = type(evil, (Exception,), {{"__module__": evil}})
"""
MARKUP = [
    Case(
        "markup-everywhere",
        GUESSABLE,
        SHOWN
        + f"def tally(words):\n    if isinstance(words, list) and len(words) == 3: return {EVIL!r}\n    raise E(evil)\n",
        "def merge(a, b):\n    raise E(evil)\nraise E(evil)\n",
        change=lambda m: (
            own(m, "tally", EVIL + LINKS, "markdown"),
            cell(m, "tradeoff").update(source=LINKS + EVIL),
        ),
    ),
    Case(
        "terminal-escapes",
        0,
        "def tally(words):\n    raise type('\\x1b[2J\\x1b]0;pwned\\x07', (Exception,), {})('\\x1b[2J\\x1b]0;pwned\\x07')\n"
        "raise ValueError('\\x1b[2J\\x1b]0;pwned\\x07')\n",
    ),
    Case(
        "parser-bombs",
        0,
        "from IPython.display import HTML, display\nfor t in ('<div>', '<b x=1><p>', '<!--', '&lt', '<a ', '<'):\n    display(HTML(t * 60_000))\n",
    ),
]

# ------------------------------------------------------------------------------------------- honest


def honest(name: str, extra: str = "", behind: str = "", **more: Any) -> Case:
    """The right answer, with something in a cell of the learner's own, or behind the answer."""
    if behind:
        return Case(
            name,
            MAX_POINTS,
            TALLY,
            MERGE,
            MAX_POINTS,
            change=lambda m: own(m, "tally", behind),
            **more,
        )
    return Case(name, MAX_POINTS, extra + "\n" + TALLY, MERGE, MAX_POINTS, **more)


def _split(made: Notebook) -> None:
    head, _, tail = TALLY.partition("    counts = {}")
    cell(made, "tally")["source"] = "def start():\n    return {}\n"
    own(made, "tally", TALLY.replace("counts = {}", "counts = start()"))
    made["cells"].insert(1, dict(cell(made, "merge")))
    del head, tail


def _old(made: Notebook) -> bytes:
    old = []
    for c in made["cells"]:
        c = dict(c)
        c["input" if c["cell_type"] == "code" else "source"] = c.pop("source")
        old.append(c)
    return json.dumps({"nbformat": 3, "worksheets": [{"cells": old}], "metadata": {}}).encode()


def _without(*names: str) -> Callable[[Notebook], None]:
    return lambda m: m.update(cells=[c for c in m["cells"] if c.get("id") not in names])


OTHER_STUDENT = "a-student-with-a-secret"  # the first in the class
HONEST = [
    honest("plain"),
    honest(
        OTHER_STUDENT,
        f"SECRET = {IN_OTHERS_WORK!r}\nfor place in ('plant', '/dev/shm/plant'): open(place, 'w').write(SECRET)",
    ),
    honest(
        "warnings-prints-logging",
        "import logging, sys, warnings\nwarnings.warn('!')\nprint('x' * 300_000)\nlogging.basicConfig(stream=sys.stderr, level=0)\nlogging.error('!')\nprint('!', file=sys.stderr)",
    ),
    honest(
        "threads-of-its-own",
        "import threading, time\nT = [threading.Thread(target=time.sleep, args=(30,), daemon=True) for _ in range(5)]\n[t.start() for t in T]\nlock = threading.Lock()",
    ),
    honest("byte-order-mark", data=lambda m: b"\xef\xbb\xbf" + json.dumps(m).encode()),
    honest(
        "latin-1",
        "# caf\u00e9",
        data=lambda m: json.dumps(m, ensure_ascii=False).encode("latin-1", "replace"),
    ),
    honest("utf-16", data=lambda m: json.dumps(m).encode("utf-16")),
    honest("old-format", data=_old),
    honest("line-ends-of-windows", data=lambda m: json.dumps(m).replace("\\n", "\\r\\n").encode()),
    Case("split-and-doubled", MAX_POINTS, TALLY, MERGE, MAX_POINTS, change=_split),
    Case(
        "checks-missing",
        MAX_POINTS,
        TALLY,
        MERGE,
        MAX_POINTS,
        change=_without("tally-checks", "merge-checks", "setup"),
    ),
    Case("retyped", MAX_POINTS, TALLY, MERGE, MAX_POINTS, change=_retyped),
    Case("reversed", MAX_POINTS, TALLY, MERGE, MAX_POINTS, change=_reordered),
    honest(
        "huge-plots",
        behind="import matplotlib.pyplot as plt, numpy as np\nfor _ in range(12):\n    plt.figure(figsize=(9, 9)); plt.imshow(np.random.rand(900, 900), interpolation='none'); plt.axis('off'); plt.show()",
    ),
    honest(
        "large-pictures",
        behind="from IPython.display import Image, display\nimport os\nfor _ in range(25): display(Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + os.urandom(1_500_000), format='png'))",
    ),
    honest("slow-but-finite", "import time\ntime.sleep(0.3)\nsum(range(3_000_000))"),
    honest("system-exit-in-a-demo", behind="import sys\nsys.exit(3)"),
    honest("quit-in-a-demo", behind="exit()"),
    honest("an-error-in-a-demo", behind="1/0"),
    honest("input-in-a-demo", behind="name = input('who? ')"),
    honest(
        "magics",
        behind="%matplotlib inline\n!echo hi; ls\nx = !echo hi\n%time 1 + 1\n%pip --version\n%load_ext autoreload\n%autoreload 2\nassert x == ['hi']",
    ),
    honest("cell-magics", behind="%%bash\necho $((1 + 1))"),
    honest(
        "await-at-top-level",
        behind="import asyncio\nawait asyncio.sleep(0.01)\nassert await asyncio.to_thread(len, 'ab') == 2",
    ),
    honest(
        "dataclasses-and-typing",
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass(frozen=True, slots=True)\nclass Point:\n    x: int = 0",
    ),
    honest(
        "pandas-and-scipy",
        "import pandas as pd, scipy.stats, sqlite3, tempfile, shutil, os\nwith sqlite3.connect('x.db') as db: db.execute('create table t (x)')\nwith tempfile.NamedTemporaryFile('w', suffix='.csv') as f:\n    pd.DataFrame({'a': [1]}).to_csv(f.name); shutil.copy(f.name, 'copy.csv'); shutil.copy2('copy.csv', 'copy2.csv')\nos.chmod('copy.csv', 0o644); os.utime('copy.csv'); shutil.rmtree(tempfile.mkdtemp())",
    ),
    honest(
        "processes",
        "import multiprocessing as mp, subprocess, signal, os\nfrom concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor\nwith ThreadPoolExecutor() as e: assert list(e.map(len, ['ab'])) == [2]\nwith ProcessPoolExecutor(2) as e: assert list(e.map(len, ['ab'])) == [2]\nwith mp.Pool(2) as p: assert p.map(len, ['ab']) == [2]\nassert subprocess.run(['echo', 'hi'], capture_output=True, text=True, start_new_session=True).stdout == 'hi\\n'\nsleeper = subprocess.Popen(['sleep', '60']); sleeper.terminate(); sleeper.wait()\nsignal.raise_signal(signal.SIGCONT); os.getpgid(0)",
    ),
    honest(
        "a-fork-that-comes-back", behind="import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)"
    ),
    honest(
        "widgets",
        behind="import ipywidgets\nipywidgets.IntSlider()\nipywidgets.interact(lambda x: x, x=3)",
    ),
    honest(
        "rich-outputs-of-all-kinds",
        behind="from IPython.display import display, HTML\nimport numpy as np, pandas as pd\ndisplay({'application/x': {1, 2}, 'text/plain': 'x'}, raw=True)\ndisplay({'text/html': 'x'}, raw=True, metadata={'x': {1}})\ndisplay(pd.DataFrame(np.eye(3)), HTML('<b>x</b>'))\nprint('\\ud800')",
    ),
    honest("much-memory-shared", "import numpy as np\nTABLE = np.ones(40_000_000)"),
    honest(
        "a-numpy-seed-and-names-shadowed",
        "import numpy as np, random\nnp.random.seed(1); random.seed(1)\nsorted = range = len = list_ = None\nWORDS = ()\ncheck = scoreboard = None\ndel sorted, range, len",
    ),
    honest(
        "recursion-limit",
        "import sys, gc\nsys.setrecursionlimit(10**6); sys.setswitchinterval(1); gc.disable()",
    ),
    Case(
        "half-done", REFERENCE_POINTS, TALLY, "def merge(a, b):\n    return {**a, **b}\n", least=8
    ),
]
CASES = [*LIES, *REPLACED, *SHELL, *FORGED, *SPIES, *EDITED, *STRANGE, *MARKUP, *HONEST]
assert len({c.name for c in CASES}) == len(CASES)
