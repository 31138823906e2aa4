"""Which names a piece of Python text binds, and which it reads. Nothing is executed."""

from __future__ import annotations

import symtable
from collections.abc import Iterator
from functools import lru_cache


def bound(statements: str) -> set[str]:
    """Names that top-level statements bind in their module."""
    table = _table(statements)
    return {
        s.get_name()
        for s in table.get_symbols()
        if s.is_assigned() or s.is_imported() or s.is_namespace()
    }


def used(statements: str) -> set[str]:
    """Module-level names and builtins that top-level statements or the functions in them read."""

    def walk(table: symtable.SymbolTable, top: bool) -> Iterator[str]:
        for s in table.get_symbols():
            if s.is_referenced() and (top or s.is_global()):
                yield s.get_name()
        for child in table.get_children():
            yield from walk(child, False)

    return set(walk(_table(statements), True))


@lru_cache(maxsize=1000)
def _table(text: str) -> symtable.SymbolTable:
    return symtable.symtable(text, "statement", "exec")
