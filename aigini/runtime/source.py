"""The source of compiled code, found again in its file, and the text of code that has none."""

import ast
import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any


def codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code object, and those of all functions, lambdas and classes in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def source(code: types.CodeType) -> list[str]:
    """The whole source of a function, without comments and in a form of its own; nothing where there is none.

    ``inspect.getsource`` gives the lines up to the end of the first one for a lambda, which may go on, or hold another.
    Here the lambda is the one whose body ends where the code says.
    """
    try:
        lines, _ = inspect.findsource(code)
        nodes = _functions("".join(lines))
    except (OSError, TypeError, SyntaxError, ValueError):
        return []
    positions = set(code.co_positions())
    for node in nodes:
        if isinstance(node, ast.Lambda):
            body = node.body
            span = (body.lineno, body.end_lineno, body.col_offset, body.end_col_offset)
            same = code.co_name == "<lambda>" and node.lineno == code.co_firstlineno and span in positions
        else:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            same = code.co_name == node.name and first == code.co_firstlineno
        if same:
            return ast.unparse(node).splitlines()
    return []


@functools.lru_cache(maxsize=32)
def _functions(text: str) -> list[ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]


def code_text(code: types.CodeType, constants: Callable[[Any], Iterator[str]]) -> Iterator[str]:
    """Compiled code as text, the same for the same source under one version of Python.

    Args:
        code: The code.
        constants: Lines about a constant.
    """
    arguments = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars)
    yield f"{code.co_name} {arguments} {names} {code.co_code.hex()} {code.co_exceptiontable.hex()}"
    for constant in code.co_consts:
        yield from code_text(constant, constants) if isinstance(constant, types.CodeType) else constants(constant)
