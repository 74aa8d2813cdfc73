"""What code of a user's own takes part in a computation, as digests.

Libraries are known by their versions and packages by their sources; of scripts, notebooks and single files only what
takes part counts, so that the rest may be edited.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import pickle
import sys
import sysconfig
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint._versions import sources

_PLAIN = (str, bytes, int, float, complex, np.generic, type(None), type(Ellipsis))
_INSTALLED = tuple({str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib")})
_BOOKKEEPING = ("__dict__", "__weakref__", "__module__", "__doc__", "__firstlineno__", "__static_attributes__")


def own_code(items: Iterable[Any], producers: Iterable[str]) -> dict[str, str]:
    """Names and digests of the classes and functions in the items that are neither of an installed library nor of
    the packages ``producers``. Functions are known by their code, what they enclose, and the globals they name (of a
    package: its sources).
    """
    known = set(producers) - {"__main__"}
    found: dict[str, list[str]] = {}
    seen: dict[int, Any] = {}  # the objects too, so that no other takes their place
    waiting = list(items)
    while waiting:
        value = waiting.pop()
        if isinstance(value, (*_PLAIN, types.ModuleType)) or id(value) in seen:
            continue
        seen[id(value)] = value
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            waiting += value
        elif isinstance(value, np.ndarray):
            waiting += value.ravel().tolist() if value.dtype.hasobject else []
        elif isinstance(value, type) or callable(value):
            if not _is_library(value, known):
                found.setdefault(_name(value), []).append(_digest(value, known))
            waiting += [] if isinstance(value, type) else [*getattr(value, "__dict__", {}).values()]
        else:
            waiting += [type(value), *getattr(value, "__dict__", {}).values()]
    return {name: " ".join(sorted(set(digests))) for name, digests in found.items()}


def _name(value: Any) -> str:
    named = value if hasattr(value, "__qualname__") and hasattr(value, "__module__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def _is_library(value: Any, known: set[str]) -> bool:
    """Whether versions tell what a class or function does; of other callables the state does, too."""
    if not isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)):
        return False
    if isinstance(value, types.BuiltinFunctionType) and not isinstance(value.__self__, (types.ModuleType, type(None))):
        return False  # a method of an object
    module = getattr(value, "__module__", None) or "builtins"
    return _is_installed(module.split(".")[0], known)


def _is_installed(root: str, known: set[str]) -> bool:
    if root in known or root in sys.builtin_module_names or root in sys.stdlib_module_names:
        return root != "__main__"
    place = getattr(sys.modules.get(root), "__file__", None)
    return place is not None and str(Path(place).resolve()).startswith(_INSTALLED)


def _digest(value: Any, known: set[str]) -> str:
    digest = hashlib.sha256()
    for part in _parts(value, known, {}):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:16]


def _parts(value: Any, known: set[str], seen: dict[int, Any]) -> Iterator[bytes]:
    """What a value is made of, the same in every process."""
    if isinstance(value, _PLAIN):
        yield repr((type(value).__name__, value)).encode()
        return
    if id(value) in seen:
        return
    seen[id(value)] = value
    yield type(value).__qualname__.encode()
    for inner in _inside(value, known):
        if isinstance(inner, bytes):
            yield inner
        elif isinstance(inner, (set, frozenset)):
            yield repr(sorted(_digest(entry, known) for entry in inner)).encode()
        else:
            yield from _parts(inner, known, seen)


def _inside(value: Any, known: set[str]) -> Iterable[Any]:
    """The next things to be looked at: bytes are final."""
    if isinstance(value, (set, frozenset)):
        return [value]
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return [repr((value.dtype.str, value.shape)).encode(), value.tobytes()]
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, dict):
        return [part for item in sorted(value.items(), key=lambda item: repr(item[0])) for part in item]
    if isinstance(value, types.ModuleType):
        file = getattr(value, "__file__", None)
        own = not _is_installed(value.__name__.split(".")[0], known) and file and Path(file).is_file()
        return [value.__name__.encode(), *([Path(file).read_bytes()] if own and file else [])]
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)) and _is_library(value, known):
        return [f"{getattr(value, '__module__', None)}.{value.__name__}".encode()]
    if isinstance(value, types.CodeType):
        return _of_code(value)
    root = str(getattr(value, "__module__", None)).split(".")[0]
    packed = [sources(root).encode()] if hasattr(sys.modules.get(root), "__path__") else []
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
        return [value.__code__, value.__defaults__, value.__kwdefaults__, *cells, *(packed or _named(value))]
    if isinstance(value, type) and packed:
        return [value.__qualname__.encode(), *packed]
    if isinstance(value, type):
        own = {name: entry for name, entry in vars(value).items() if name not in _BOOKKEEPING}
        return [value.__qualname__.encode(), *value.__bases__, own]
    return _of_object(value)


def _of_code(code: types.CodeType) -> list[Any]:
    return [code.co_code, repr((code.co_names, code.co_varnames, code.co_freevars)).encode(), code.co_consts]


def _named(function: types.FunctionType) -> list[Any]:
    """The globals that a function names."""
    codes = [function.__code__]
    for code in codes:  # grows: code within code
        codes += [part for part in code.co_consts if isinstance(part, types.CodeType)]
    lines = [line for code in codes for line in dis.get_instructions(code)]
    names = {line.argval for line in lines if line.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    known = sorted(names & set(function.__globals__))
    return [part for name in known for part in (name, function.__globals__[name])]


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # not yet
        return False


def _of_object(value: Any) -> list[Any]:
    """The function behind a wrapper, and whatever state there is."""
    if isinstance(value, property):
        return [value.fget, value.fset]
    if isinstance(value, (staticmethod, classmethod, types.MethodType)):
        return [value.__func__, getattr(value, "__self__", None)]
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    behind = [getattr(value, name) for name in ("py_func", "func", "__wrapped__") if hasattr(value, name)]
    if behind:
        return behind[:1]
    try:
        state = value.__reduce_ex__(2)  # as it is copied
    except (TypeError, AttributeError, pickle.PicklingError):
        state = getattr(value, "__dict__", None)
    return [type(value), state]
