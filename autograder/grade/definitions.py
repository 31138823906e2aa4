"""Cells that only define new names: what the cells above them made is the same before and after
they ran.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from typing import Any

from autograder import syntax
from autograder.lessons.names import bound, used

BUILTINS = frozenset(dir(builtins))
# a learner's own code that runs where a class is defined
HOOKS = ("__init_subclass__", "__set_name__", "metaclass")
MAKERS = """
NamedTuple NewType OrderedDict TypeVar abstractmethod asynccontextmanager cache cached_property
classmethod contextmanager dataclass defaultdict deque dict field final float frozenset int list
lru_cache namedtuple property range set setter staticmethod str timedelta total_ordering tuple
unique
"""  # the last of their names; called, they make something new and touch nothing else
PARTS = (
    ast.Attribute, ast.BinOp, ast.BoolOp, ast.Compare, ast.Constant, ast.Dict, ast.IfExp, ast.List,
    ast.Name, ast.Set, ast.Slice, ast.Subscript, ast.Tuple, ast.UnaryOp, ast.boolop, ast.cmpop,
    ast.expr_context, ast.keyword, ast.operator, ast.unaryop,
)  # fmt: skip


def only_adds(source: str, before: Sequence[str]) -> bool:
    """Whether a cell does nothing but bind names of which the sources before it know nothing. In
    doubt it is False.

    Functions, classes, imports and constants do. A call, a change to something, or a name that is
    taken may do more.
    """
    try:
        body = syntax.parse(source).body
        new = bound(source)
        taken = BUILTINS.union(*(bound(text) | used(text) for text in before))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    hooked = any(hook in text for text in (source, *before) for hook in HOOKS)
    return not hooked and not new & taken and all(map(_defines, body))


def _defines(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(ast.Constant()) | ast.Import():
            return True
        case ast.ImportFrom(module, names):
            return module != "__future__" and all(name.name != "*" for name in names)
        case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args):
            every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
            notes = [statement.returns, *(arg.annotation for arg in every if arg)]
            values = [*notes, *args.defaults, *args.kw_defaults]
            return all(map(_decorates, statement.decorator_list)) and all(map(_makes, values))
        case ast.ClassDef(bases=bases, keywords=[], body=body, decorator_list=decorators):
            return (
                all(map(_decorates, decorators))
                and all(map(_makes, bases))
                and all(map(_defines, body))
            )
        case ast.Assign(targets, value):
            return all(isinstance(target, ast.Name) for target in targets) and _makes(value)
        case ast.AnnAssign(ast.Name(), annotation, value):
            return _makes(annotation) and _makes(value)
    return False


def _makes(value: ast.expr | None) -> bool:
    """Whether an expression makes a value and changes nothing. A lambda's body is not asked."""
    waiting: list[Any] = [value] if value else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Lambda):
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, PARTS) or (
            isinstance(node, ast.Call) and _last_name(node.func) in MAKERS.split()
        ):
            waiting += ast.iter_child_nodes(node)
        else:
            return False
    return True


def _decorates(decorator: ast.expr) -> bool:
    return _makes(decorator) and (
        isinstance(decorator, ast.Call) or _last_name(decorator) in MAKERS.split()
    )


def _last_name(node: ast.expr) -> str:
    return (
        node.id
        if isinstance(node, ast.Name)
        else node.attr
        if isinstance(node, ast.Attribute)
        else ""
    )
