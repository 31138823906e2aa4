"""The locks that a process closes behind itself: nobody's rights, limits, Landlock, seccomp. Linux, x86-64 and arm64.

Run as `python -m autograder.sandbox.lock` it closes them and tries to get out: the probe of a level.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

from autograder.sandbox import LIMITS, NOBODY, readable

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_FILTER = 38, 22, 2
ALLOW, DENY, KILL = 0x7FFF0000, 0x50000 | 1, 0x80000000  # DENY: EPERM
AF_UNIX = 1

# What a learner's code has no need of, by name and number. `socket` is judged by its family below.
_X86_64 = {
    "chmod": 90, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452, "chown": 92, "fchown": 93, "lchown": 94,
    "fchownat": 260, "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280, "setxattr": 188,
    "lsetxattr": 189, "fsetxattr": 190, "setsid": 112, "setpgid": 109, "kill": 62, "tkill": 200, "tgkill": 234,
    "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "pidfd_send_signal": 424, "ptrace": 101, "mount": 165,
    "umount2": 166, "process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321, "perf_event_open": 298,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "pidfd_open": 434, "pidfd_getfd": 438,
    "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "setns": 308, "userfaultfd": 323,
    "pivot_root": 155, "chroot": 161, "kexec_load": 246, "memfd_create": 319, "bind": 49, "listen": 50,
    "mount_setattr": 442, "move_mount": 429, "open_tree": 428, "fsopen": 430, "fsmount": 432,
}  # fmt: skip
_ARM64 = {
    "fchmod": 52, "fchmodat": 53, "fchmodat2": 452, "fchown": 55, "fchownat": 54, "utimensat": 88, "setxattr": 5,
    "lsetxattr": 6, "fsetxattr": 7, "setsid": 157, "setpgid": 154, "kill": 129, "tkill": 130, "tgkill": 131,
    "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "pidfd_send_signal": 424, "ptrace": 117, "mount": 40,
    "umount2": 39, "process_vm_readv": 270, "process_vm_writev": 271, "bpf": 280, "perf_event_open": 241,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "pidfd_open": 434, "pidfd_getfd": 438,
    "add_key": 217, "request_key": 218, "keyctl": 219, "unshare": 97, "setns": 268, "userfaultfd": 282,
    "pivot_root": 41, "chroot": 51, "kexec_load": 104, "memfd_create": 279, "bind": 200, "listen": 201,
    "mount_setattr": 442, "move_mount": 429, "open_tree": 428, "fsopen": 430, "fsmount": 432,
}  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, _X86_64, 41), "aarch64": (0xC00000B7, _ARM64, 198)}  # audit number, calls, socket

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
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (value, value))


def no_new_privileges() -> None:
    """Set-user-id programs give nothing from here on."""
    if _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise LockError(ctypes.get_errno(), "no_new_privs refused")


def landlock(writable: list[Path]) -> int:
    """Allow reading of what `readable()` names and all of `writable`, nothing else.

    Returns:
        The kernel's Landlock version; 0 when it has none and nothing was locked.
    """
    version = _libc.syscall(444, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return 0
    every = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):
        every |= (1 << bit) if version >= since else 0
    network, scope = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    attributes = struct.pack("QQQ", every, network, scope)[:size]
    ruleset = _libc.syscall(444, ctypes.create_string_buffer(attributes, size), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        raise LockError(ctypes.get_errno(), "landlock_create_ruleset refused")
    read = (1 << 0) | (1 << 2) | (1 << 3)  # execute, read files, list folders
    on_files = (1 << 0) | (1 << 1) | (1 << 2) | (every & ((1 << 14) | (1 << 15)))
    devices = [Path(p) for p in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")]
    rules = [*((p, read) for p in readable()), *((p, every) for p in writable), *((p, on_files) for p in devices)]
    for path, access in rules:
        with contextlib.suppress(FileNotFoundError):
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            access = access if path.is_dir() else access & on_files
            rule = ctypes.create_string_buffer(struct.pack("=Qi", access, fd), 12)
            refused = _libc.syscall(445, ruleset, 1, rule, 0)
            os.close(fd)
            if refused:
                raise LockError(ctypes.get_errno(), f"landlock_add_rule refused for {path}")
    if _libc.syscall(446, ruleset, 0) != 0:
        raise LockError(ctypes.get_errno(), "landlock_restrict_self refused")
    os.close(ruleset)
    return int(version)


def seccomp() -> None:
    """Refuse the system calls that a learner's code has no need of, and sockets of any family but local ones."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise LockError(0, f"no system-call filter for {platform.machine()}")
    audit, calls, socket_call = machine
    program: list[bytes] = []

    def add(code: int, true: int, false: int, k: int) -> None:
        program.append(struct.pack("HBBI", code, true, false, k))

    load, equal, at_least, done = 0x20, 0x15, 0x35, 0x06
    add(load, 0, 0, 4)
    add(equal, 1, 0, audit)
    add(done, 0, 0, KILL)
    add(load, 0, 0, 0)
    if platform.machine() == "x86_64":  # the x32 calls have numbers of their own
        add(at_least, 0, 1, 0x40000000)
        add(done, 0, 0, KILL)
    for number in calls.values():
        add(equal, 0, 1, number)
        add(done, 0, 0, DENY)
    add(equal, 0, 3, socket_call)
    add(load, 0, 0, 16)
    add(equal, 1, 0, AF_UNIX)
    add(done, 0, 0, DENY)
    add(done, 0, 0, ALLOW)
    code = b"".join(program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer)), 16)
    if _libc.prctl(PR_SET_SECCOMP, SECCOMP_FILTER, header, 0, 0) != 0:
        raise LockError(ctypes.get_errno(), "seccomp refused")


def close(level: str, writable: list[Path]) -> None:
    """Close the locks of a level for this process and all it will start.

    Raises:
        LockError: one of them does not close.
    """
    limit()
    if level == "trusted":
        return
    no_new_privileges()
    if landlock(writable) == 0 and level == "landlock":
        raise LockError(0, "this kernel has no Landlock")
    seccomp()


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
