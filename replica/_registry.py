"""What all members of a family share: a name, parameters that may be arrays over a batch, a computed registry."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from replica._checks import nearest, one_of, shown, spelled
from replica._installed import load_members

#: what a Python function given by the user may raise when it is no function of arrays
FAILURES = (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError)
_SEEN = np.concatenate([np.linspace(-8.0, 8.0, 1601) + 1.7e-3, [-50.0, 50.0]])


class Member:
    """Base of the families (weights, losses, architectures, data, ansatz).

    A family's root sets ``registry = {}`` and ``family = "..."``; each subclass with a ``name`` of its own enters the
    registry when its file is imported. Members are frozen dataclasses. A numeric field may hold an array: such a member
    stands for a batch of members, one per entry, which is how sweeps are solved together.
    """

    if TYPE_CHECKING:  # each member is a dataclass
        __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    family: ClassVar[str] = ""
    registry: ClassVar[dict[str, type[Any]]]
    name: ClassVar[str] = ""
    #: public parameter name -> name of the dataclass field
    parameters: ClassVar[dict[str, str]] = {}
    #: public parameters of which each value has equations of its own, so that they are never arrays (a grid is a loop)
    structure: ClassVar[tuple[str, ...]] = ()
    #: of a family: what makes a member of a Python function, set by the file of such members
    from_callable: ClassVar[Any] = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "registry" in cls.__dict__ or "name" not in cls.__dict__:
            return
        known = cls.registry.get(cls.name)
        # dataclass(slots=True) and reloads build the same class twice: that is no duplicate
        if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"two members of the family {cls.family} are called {cls.name!r}: {known} and {cls}")
        cls.registry[cls.name] = cls

    @classmethod
    def find(cls, name: str) -> type[Any]:
        """The class of this ``name``, however it is hyphenated; `ValueError` with the nearest name otherwise."""
        if spelled(name, cls.registry) not in cls.registry:
            load_members()
        return cls.registry[cls.named(cls.family, name)]

    @classmethod
    def named(cls, argument: str, word: Any) -> str:
        """A name of this family, however it is hyphenated; what no name is like may be one of another family."""
        known = spelled(word, cls.registry)
        if isinstance(word, str) and known not in cls.registry:
            near = nearest(word, cls.registry)
            for root in _roots(Member):
                there = spelled(word, root.registry)
                if other := there if there in root.registry else None if near else nearest(there, root.registry, 0.8):
                    names = ", ".join(cls.registry)
                    raise ValueError(f"{argument}: {other!r} is of the family {root.family}; Valid: {names}")
        return one_of(argument, known, cls.registry)

    @classmethod
    def made_of(cls, argument: str, given: Any) -> Any:
        """The member that an argument stands for: an instance, a name, or a function where members are made of them."""
        if isinstance(given, str):
            return cls.find(given)()
        if cls.from_callable is not None and callable(given) and not isinstance(given, (type, cls)):
            return cls.from_callable(given)
        if isinstance(given, cls):
            # below the nearest dataclass, fields would be ignored in silence; the family's root compares nothing
            bare = list(itertools.takewhile(lambda kind: "__dataclass_fields__" not in vars(kind), type(given).__mro__))
            if cls in bare or type(given).__mro__[len(bare)] is cls or any(map(inspect.get_annotations, bare)):
                raise ValueError(f"{argument}: the class {type(given).__name__} must be a @dataclass(frozen=True)")
            return given
        raise ValueError(f"{argument} must be a name or a {cls.__name__}, got {shown(given)}")

    @classmethod
    def examples(cls) -> list[Self]:
        """Members that contract tests try; override where the defaults are not enough."""
        return [cls()]

    @property
    def batched(self) -> bool:
        """Whether any field holds an array over a batch."""
        return any(isinstance(value, np.ndarray) and value.ndim == 1 for value in vars(self).values())

    def take(self, index: np.ndarray) -> Self:
        """The same member for the entries ``index`` of a batch (scalar fields are shared by all)."""
        changes = {
            field.name: value[index]
            for field in dataclasses.fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray) and value.ndim == 1
        }
        return dataclasses.replace(self, **changes) if changes else self

    def with_parameters(self, **changes: Any) -> Self:
        """A copy with public parameters replaced (``margin=...`` sets the field ``kappa``, ...)."""
        return dataclasses.replace(self, **{self.parameters[key]: value for key, value in changes.items()})

    def settings(self) -> dict[str, Any]:
        """Name and fields, for records."""
        return {"name": self.name} | {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}

    def __str__(self) -> str:
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        inner = ", ".join(f"{key}={_short(value)}" for key, value in fields.items())
        return f"{type(self).__name__}({inner})"


def _roots(kind: type[Member]) -> Iterator[type[Member]]:
    """The roots of all families."""
    for below in kind.__subclasses__():
        if "registry" in vars(below):
            yield below
        else:
            yield from _roots(below)


def vouched(member: Member | type[Member], declared: str, *beside: str) -> bool:
    """Whether what a member, or its class, declares was declared by the class that its other methods come from: a class
    that overrides one of those, and says nothing, has declared nothing. The family's root declares for nobody.
    """
    order = (member if isinstance(member, type) else type(member)).__mro__

    def home(name: str) -> type:
        return next(kind for kind in order if name in vars(kind))

    said = home(declared)
    own = issubclass(said, Member) and "registry" not in vars(said)
    return own and all(issubclass(said, home(name)) for name in beside)


def settings_of_function(
    function: Callable[..., Any], values: Callable[[np.ndarray], Any], kinks: Iterable[float]
) -> dict[str, Any]:
    """For records of a member that is a Python function: what it is called, and what tells it from others of that name,
    a digest of its ``values`` and of its ``kinks``, to seven digits.
    """
    module = getattr(function, "__module__", None) or type(function).__module__
    seen = [*np.ravel(values(_SEEN)).tolist(), *kinks]
    digest = hashlib.sha256(" ".join(f"{value + 0.0:.6e}" for value in seen).encode())
    name = f"{module}.{getattr(function, '__qualname__', repr(function))}"
    return {"name": name, "values": digest.hexdigest()[:16]}


def _plain(value: Any) -> Any:
    if isinstance(value, Member):
        return value.settings()
    return value.tolist() if isinstance(value, np.ndarray) else value


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"<{value.size} values>"
    return f"{value:g}" if isinstance(value, float) else str(value)


def column(value: Any) -> Any:
    """A parameter ready to broadcast against (batch, node) arrays."""
    return value[:, None] if isinstance(value, np.ndarray) else value


def per_row(value: Any, size: int) -> np.ndarray:
    """A parameter as a contiguous array with one entry per row of the batch."""
    if isinstance(value, np.ndarray) and value.shape == (size,):
        return np.ascontiguousarray(value, dtype=float)
    rows = np.empty(size)
    rows[:] = value
    return rows


def exact(value: Any, mp: Any) -> Any:
    """A parameter of one row as a number of a mpmath context."""
    if isinstance(value, mp.mpf):
        return value
    return mp.mpf(value if isinstance(value, float) else float(np.ravel(value)[0]))
