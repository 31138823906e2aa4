"""The locks that a process closes behind itself: nobody's rights, limits, Landlock, seccomp. Linux,
x86-64 and arm64.

Run as `python -m autograder.inside.lock` it closes them and tries to get out: the probe of a level.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import platform
import resource
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

from autograder.inside.resources import LIMITS, NOBODY, SPARE_PROCESSES, readable

PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_FILTER = 4, 38, 22, 2
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x50000
DENY, MISSING, PRETEND = ERRNO | 1, ERRNO | 38, ERRNO  # EPERM; ENOSYS; "done", and nothing happens
SCOPED = 6  # the Landlock version from which no signal leaves the locked processes
NEW_NAMESPACES = 0x7E020000  # the flags of clone
SOCK_STREAM = 1
# F_SETOWN, F_SETSIG, F_SETOWN_EX; FIOSETOWN, SIOCSPGRP
SET_OWNERS, IOCTL_OWNERS = (8, 10, 15), (0x8901, 0x8902)

# System calls by name: numbers on x86-64 and arm64, None where the machine has no such call.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # other processes: the warm one has the same user, so nothing but this filter keeps them from
    # changing it
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "move_pages": (279, 239),
    "migrate_pages": (256, 238), "ioprio_set": (251, 30),
    # what would outlive the job, and memory that nobody counts
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    # the network, and sockets of other processes; `socketpair` is left
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    # the way out of a box
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429), "open_tree": (428, 428),
    "fsopen": (430, 430), "fsmount": (432, 432), "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265), "kexec_load": (246, 104), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "fanotify_init": (300, 262),
    "syslog": (103, 116),
    # files that are not the job's: owners and labels
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
}  # fmt: skip
# Ordinary programs do these in passing (shutil.copy, start_new_session): they are told "done", and
# nothing happens.
_PRETENDED: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setsid": (112, 157), "setpgid": (109, 154),
}  # fmt: skip
_SIGNALS: dict[str, tuple[int | None, int | None]] = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
}
# Allowed on oneself only: the argument that names a process must be 0.
_ON_ONESELF: dict[str, tuple[int, int, int]] = {
    "prlimit64": (302, 261, 0), "sched_setaffinity": (203, 122, 0),
    "sched_setscheduler": (144, 119, 0), "sched_setparam": (142, 118, 0),
    "sched_setattr": (314, 274, 0), "setpriority": (141, 140, 1),
}  # fmt: skip
_CLONE, _CLONE3, _SOCKETPAIR, _FCNTL, _IOCTL = (56, 220), (435, 435), (53, 199), (72, 25), (16, 29)
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # audit number, column above

_libc = ctypes.CDLL(None, use_errno=True)


class LockError(OSError):
    """A lock could not be closed."""


def become_nobody(index: int = 0) -> None:
    """Give root's rights up for good. A process that is not root stays what it is."""
    if os.getuid() != 0:
        return
    uid = NOBODY - index
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def limit(limits: Mapping[str, int] = LIMITS) -> None:
    """Set resource limits, by the name after `RLIMIT_`; never above what is allowed now."""
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(number)
        most = value + (SPARE_PROCESSES if name == "NPROC" else 0)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (min(value, most), most))


def no_new_privileges() -> None:
    """Set-user-id programs give nothing from here on."""
    if _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise LockError(ctypes.get_errno(), "no_new_privs refused")


def _landlock_version() -> int:
    return int(_libc.syscall(444, None, ctypes.c_size_t(0), 1))


@functools.cache
def _to_read() -> list[tuple[Path, bool]]:
    """What `readable()` names, and whether it is a folder."""
    return [(path, path.is_dir()) for path in readable()]


def get_ready() -> None:
    """Work out, once for all processes that will be forked, what `close` has to know."""
    _to_read()
    filter_for(platform.machine(), _landlock_version() >= SCOPED)


def landlock(writable: list[Path]) -> int:
    """Allow reading of what `readable()` names and all of `writable`, nothing else.

    Returns:
        The kernel's Landlock version; 0 when it has none and nothing was locked.
    """
    version = _landlock_version()
    if version < 1:
        return 0
    every = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):
        every |= (1 << bit) if version >= since else 0
    network, scope = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    attributes = struct.pack("QQQ", every, network, scope)[:size]
    ruleset = _libc.syscall(
        444, ctypes.create_string_buffer(attributes, size), ctypes.c_size_t(size), 0
    )
    if ruleset < 0:
        raise LockError(ctypes.get_errno(), "landlock_create_ruleset refused")
    read = (1 << 0) | (1 << 2) | (1 << 3)  # execute, read files, list folders
    on_files = (1 << 0) | (1 << 1) | (1 << 2) | (every & ((1 << 14) | (1 << 15)))
    devices = [Path(p) for p in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")]
    rules = [(path, read if folder else read & on_files) for path, folder in _to_read()]
    rules += [*((path, every) for path in writable), *((path, on_files) for path in devices)]
    for path, access in rules:
        with contextlib.suppress(FileNotFoundError):
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = ctypes.create_string_buffer(struct.pack("=Qi", access, fd), 12)
            refused = _libc.syscall(445, ruleset, 1, rule, 0)
            os.close(fd)
            if refused:
                raise LockError(ctypes.get_errno(), f"landlock_add_rule refused for {path}")
    if _libc.syscall(446, ruleset, 0) != 0:
        raise LockError(ctypes.get_errno(), "landlock_restrict_self refused")
    os.close(ruleset)
    return version


@functools.cache
def filter_for(machine: str, scoped: bool) -> bytes:
    """The system-call filter as a BPF program."""
    if machine not in _MACHINES:
        raise LockError(0, f"no system-call filter for {machine}")
    audit, column = _MACHINES[machine]
    load, equal, at_least, any_bit, mask, done = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
    program: list[bytes] = []

    def add(code: int, true: int, false: int, k: int) -> None:
        program.append(struct.pack("HBBI", code, true, false, k))

    def argument(number: int) -> tuple[int, int, int, int]:
        return load, 0, 0, 16 + 8 * number

    def when(call: tuple[int, int], *then: tuple[int, int, int, int]) -> None:
        add(equal, 0, len(then), call[column])
        for step in then:
            add(*step)

    add(load, 0, 0, 4)
    add(equal, 1, 0, audit)
    add(done, 0, 0, KILL)
    add(load, 0, 0, 0)
    if machine == "x86_64":  # the x32 calls have numbers of their own
        add(at_least, 0, 1, 0x40000000)
        add(done, 0, 0, KILL)
    answers = {**dict.fromkeys(_REFUSED, DENY), **dict.fromkeys(_PRETENDED, PRETEND)}
    answers |= {} if scoped else dict.fromkeys(_SIGNALS, DENY)
    for name, answer in answers.items():
        number = (_REFUSED | _PRETENDED | _SIGNALS)[name][column]
        if number is not None:
            add(equal, 0, 1, number)
            add(done, 0, 0, answer)
    yes, no = (done, 0, 0, ALLOW), (done, 0, 0, DENY)
    for *numbers, position in _ON_ONESELF.values():
        when((numbers[0], numbers[1]), argument(position), (equal, 0, 1, 0), yes, no)
    when(_CLONE, argument(0), (any_bit, 0, 1, NEW_NAMESPACES), no, yes)
    # its flags cannot be seen from here; libc goes on with clone
    when(_CLONE3, (done, 0, 0, MISSING))
    when(_SOCKETPAIR, argument(1), (mask, 0, 0, 0xF), (equal, 0, 1, SOCK_STREAM), yes, no)
    # signals to the owner of a file
    for call, requests in ((_FCNTL, SET_OWNERS), (_IOCTL, IOCTL_OWNERS)):
        tests = [(equal, len(requests) - n, 0, k) for n, k in enumerate(requests)]
        when(call, argument(1), *tests, yes, no)
    add(done, 0, 0, ALLOW)
    return b"".join(program)


def seccomp(scoped: bool = False) -> None:
    """Refuse the system calls that a learner's code has no need of. Signals only where Landlock
    keeps them in.
    """
    code = filter_for(platform.machine(), scoped)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer)), 16
    )
    if _libc.prctl(PR_SET_SECCOMP, SECCOMP_FILTER, header, 0, 0) != 0:
        raise LockError(ctypes.get_errno(), "seccomp refused")


def visible_to_its_like() -> None:
    """Let processes of the same user see this one's sizes: whoever gave up root's rights is hidden
    from them.
    """
    _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


@functools.cache
def threads_of_this_user() -> int:
    """How many threads this process's user runs already: they count against RLIMIT_NPROC outside a
    box of its own.
    """
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError, ValueError):
            fields = dict(
                line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line
            )
            if int(fields["Uid"].split()[0]) == os.getuid():
                total += int(fields["Threads"])
    return total


def close(level: str, writable: list[Path]) -> None:
    """Close the locks of a level for this process and all it will start.

    Raises:
        LockError: one of them does not close.
    """
    limit(
        LIMITS
        if level == "bubblewrap"
        else {**LIMITS, "NPROC": LIMITS["NPROC"] + threads_of_this_user()}
    )
    if level == "trusted":
        return
    no_new_privileges()
    version = landlock(writable)
    if version == 0 and level == "landlock":
        raise LockError(0, "this kernel has no Landlock")
    seccomp(scoped=version >= SCOPED)


def _try_to_get_out() -> str | None:
    import socket

    if os.getuid() == 0:
        return "still root"
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
    except OSError:
        pass
    else:
        return "a network socket could be made"
    for path in ("/etc/passwd", "/proc/1/environ"):
        try:
            Path(path).read_bytes()
        except OSError:
            continue
        return f"{path} could be read"
    import asyncio
    import json  # noqa: F401

    asyncio.new_event_loop().close()
    return None


if __name__ == "__main__":
    become_nobody()
    import datetime  # noqa: F401  # Python's own files must be readable as nobody

    close(os.environ["AUTOGRADER_LEVEL"], [])
    sys.exit(_try_to_get_out())
