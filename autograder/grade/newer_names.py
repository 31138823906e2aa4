"""Names of Python's standard library, by the version since which it has them: what a learner of
today may use and an older grader lacks.
"""

from __future__ import annotations

from collections.abc import Mapping

Version = tuple[int, int]


def _table(**by_version: str) -> Mapping[str, Version]:
    return {
        name: (3, int(version.removeprefix("v3_")))
        for version, names in by_version.items()
        for name in names.split()
    }


NAMES = _table(
    v3_12="""
    ast.ParamSpec ast.TypeAlias ast.TypeVar ast.TypeVarTuple ast.type_param
    asyncio.create_eager_task_factory asyncio.eager_task_factory calendar.Day calendar.JANUARY
    calendar.Month collections.abc.Buffer csv.QUOTE_NOTNULL csv.QUOTE_STRINGS dis.hasarg dis.hasexc
    inspect.AGEN_CLOSED inspect.AGEN_CREATED inspect.AGEN_RUNNING inspect.AGEN_SUSPENDED
    inspect.BufferFlags inspect.getasyncgenlocals inspect.getasyncgenstate
    inspect.markcoroutinefunction itertools.batched logging.getHandlerByName
    logging.getHandlerNames math.sumprod os.path.isjunction os.path.splitroot os.setns os.unshare
    posixpath.isjunction posixpath.splitroot random.binomialvariate
    socketserver.ForkingUnixDatagramServer socketserver.ForkingUnixStreamServer
    sqlite3.LEGACY_TRANSACTION_CONTROL sys.activate_stack_trampoline
    sys.deactivate_stack_trampoline sys.getunicodeinternedsize sys.is_stack_trampoline_active
    sys.monitoring threading.setprofile_all_threads threading.settrace_all_threads
    token.EXCLAMATION token.FSTRING_END token.FSTRING_MIDDLE token.FSTRING_START
    tokenize.EXCLAMATION tokenize.FSTRING_END tokenize.FSTRING_MIDDLE tokenize.FSTRING_START
    tty.cfmakecbreak tty.cfmakeraw types.get_original_bases typing.TypeAliasType typing.override
    """,
    v3_13="""
    ast.PyCF_OPTIMIZED_AST asyncio.EventLoop asyncio.QueueShutDown base64.z85decode
    base64.z85encode configparser.MultilineContinuationError
    configparser.UNNAMED_SECTION copy.replace dis.hasjump email.errors.HeaderWriteError
    enum.EnumDict glob.translate importlib.resources.Anchor math.fma mimetypes.guess_file_type
    mmap.MAP_NORESERVE os.POSIX_SPAWN_CLOSEFROM os.grantpt os.posix_openpt
    os.process_cpu_count os.ptsname os.timerfd_create os.timerfd_gettime os.timerfd_gettime_ns
    os.timerfd_settime os.timerfd_settime_ns os.unlockpt pathlib.UnsupportedOperation
    platform.android_ver platform.ios_ver queue.ShutDown re.PatternError readline.backend
    ssl.HAS_PSK statistics.kde statistics.kde_random symtable.SymbolTableType types.CapsuleType
    typing.NoDefault typing.ReadOnly typing.TypeIs typing.get_protocol_members typing.is_protocol
    unittest.mock.ThreadingMock warnings.deprecated
    """,
    v3_14="""
    ast.Interpolation ast.TemplateStr asyncio.FrameCallGraphEntry asyncio.FutureCallGraph
    asyncio.capture_call_graph asyncio.format_call_graph asyncio.future_add_to_awaited_by
    asyncio.future_discard_from_awaited_by asyncio.print_call_graph
    concurrent.futures.InterpreterPoolExecutor decimal.IEEEContext decimal.IEEE_CONTEXT_MAX_BITS
    errno.EHWPOISON functools.Placeholder heapq.heapify_max heapq.heappop_max heapq.heappush_max
    heapq.heappushpop_max heapq.heapreplace_max io.Reader io.Writer operator.is_none
    operator.is_not_none os.reload_environ sys.is_remote_debug_enabled sys.remote_exec
    types.FrameLocalsProxyType typing.evaluate_forward_ref uuid.MAX uuid.NIL uuid.uuid6 uuid.uuid7
    uuid.uuid8
    """,
)
MODULES = _table(
    v3_13="dbm.sqlite3",
    v3_14="""
    annotationlib asyncio.graph asyncio.tools compression compression.bz2 compression.gzip
    compression.lzma compression.zlib compression.zstd concurrent.interpreters pathlib.types
    string.templatelib
    """,
)
# of types, by the type's own name
ATTRIBUTES = _table(
    v3_12="""
    Connection.getconfig Connection.setconfig DirEntry.is_junction Fraction.is_integer
    Handle.get_context Logger.getChildren Path.is_junction Path.walk Path.with_segments
    PosixPath.is_junction PosixPath.walk PosixPath.with_segments PurePath.with_segments
    PurePosixPath.with_segments Random.binomialvariate SystemRandom.binomialvariate
    Task.get_context TimerHandle.get_context bool.is_integer int.is_integer
    """,
    v3_13="""
    LifoQueue.shutdown Path.from_uri Path.full_match PosixPath.from_uri PosixPath.full_match
    PriorityQueue.shutdown PurePath.full_match PurePosixPath.full_match Queue.shutdown
    Server.abort_clients Server.close_clients Signature.format array.clear
    """,
    v3_14="""
    Decimal.from_number Fraction.from_number Path.copy Path.copy_into Path.info Path.move
    Path.move_into PosixPath.copy PosixPath.copy_into PosixPath.info PosixPath.move
    PosixPath.move_into Process.interrupt bytearray.resize complex.from_number date.strptime
    float.from_number time.strptime
    """,
)
BUILTINS = _table(v3_13="PythonFinalizationError")
