"""References as users name them: what a Franz-Parisi curve is drawn around. Nothing is solved here."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._checks import number, shown
from replica.models.model import Model, require_model

PLANTED = "planted"  # the teacher itself as the reference
LARGEST = "max"


@dataclass(frozen=True)
class Reference:
    """What a Franz-Parisi curve is drawn around.

    When not to use it: where a word does: `franz_parisi` takes None, a margin or ``"max"`` in its place.

    Parameters
    ----------
    margin : float, "max", None or a list of these
        A typical solution of the same model at that margin (bands: that half-width); ``"max"`` the largest margin at
        that load (bands: the smallest half-width), which on the sphere is the one maximum-margin vector; None the
        model's own margin. A list is an axis of the curve.
    model : Model, optional
        The zero-temperature minimiser of another model (spherical or Gaussian weights, a finite cost) on the same
        data; with ``margin="max"`` the maximum-margin vector of that model. A square loss without bias under
        ``penalty=inf`` gives the Hebb vector ``sum label x``:
        ``Reference(model=replica.mixture("square", penalty=inf, bias=False))`` on two clusters of the same
        noise and balance, ``replica.perceptron(replica.Gaussian(inf), loss="square")`` on random labels.
    tilt : float
        Overlap in (0, 1] of such a vector with the one distances are measured from: ``tilt`` times it plus
        ``sqrt(1-tilt^2)`` times independent noise.
    clipped : bool
        Measure distances from the signs of such a vector, its binary version.

    Raises
    ------
    ValueError
        For values outside these domains and combinations that mean nothing.

    See Also
    --------
    franz_parisi : The curve around it.
    isolation : The empty neighbourhood of it.

    Examples
    --------
    >>> import replica
    >>> replica.Reference(margin=0.3)
    Reference(margin=0.3, model=None, tilt=1.0, clipped=False)
    >>> around = replica.Reference(model=replica.perceptron("spherical", loss=replica.Logistic(gain=2.0)), clipped=True)
    """

    margin: Any = None
    model: Any = None
    tilt: float = 1.0
    clipped: bool = False

    def __post_init__(self) -> None:
        if self.model is not None and not isinstance(self.model, Model):
            raise ValueError(f"Reference(model=...) must be a Model or None, got {shown(self.model)}")
        if np.ndim(self.margin):
            several = [self._checked(margin) for margin in self.margin]
            if not several:
                raise ValueError("Reference(margin=...) must not be an empty list")
            object.__setattr__(self, "margin", tuple(several))
        else:
            object.__setattr__(self, "margin", self._checked(self.margin))
        object.__setattr__(self, "tilt", number("tilt", self.tilt, low=0.0, high=1.0, open_low=True))
        if not isinstance(self.clipped, bool):
            raise ValueError(f"clipped must be True or False, got {shown(self.clipped)}")

    def _checked(self, margin: Any) -> Any:
        """A single margin."""
        if margin is None or isinstance(margin, str) and margin == LARGEST:
            return margin
        if isinstance(margin, str):
            raise ValueError(f"Reference(margin=...) must be a number, 'max' or None, got {shown(margin)}")
        if self.model is not None:
            raise ValueError(
                f"Reference(margin={margin}, model=...): with a model the margin is 'max' or None; "
                "put a number into the loss of that model"
            )
        return number("margin of the reference", margin)

    def each(self) -> tuple[Reference, ...]:
        """One reference for each of its margins."""
        return tuple(dataclasses.replace(self, margin=margin) for margin in self.margin) if self.several else (self,)

    @property
    def several(self) -> bool:
        """Whether there is a list of margins."""
        return isinstance(self.margin, tuple)

    @property
    def label(self) -> str:
        """What it is, in a word or two, as a coordinate."""
        margin = "typical" if self.margin is None else self.margin if self.several or self.margin == LARGEST else None
        found = f"{self.margin:g}" if margin is None else str(margin)
        if self.model is not None:
            found = f"{self.model.loss.name}" + (f" {LARGEST}" if self.margin == LARGEST else "")
        found += f", tilt {self.tilt:g}" if self.tilt != 1.0 else ""
        return found + (", clipped" if self.clipped else "")

    @property
    def plain(self) -> bool:
        """Whether distances are measured from the reference itself."""
        return self.tilt == 1.0 and not self.clipped

    def settings(self) -> dict[str, Any]:
        """For records."""
        model = None if self.model is None else self.model.settings()
        return {"margin": self.margin, "model": model, "tilt": self.tilt, "clipped": self.clipped}


def named(model: Model, given: Any) -> Reference | str:
    """A reference from what names it: None, a margin, ``"max"``, ``"planted"`` or a `Reference`."""
    taught = bool(require_model(model).data.overlaps)
    if given is None:
        return Reference()
    if isinstance(given, Reference):
        if not given.several:
            return given
        raise ValueError(f"reference must be a single one here, got Reference(margin={list(given.margin)})")
    plain = isinstance(given, (int, float, np.number)) and not isinstance(given, bool)
    if plain or isinstance(given, str) and given == LARGEST:
        return Reference(margin=given)
    if taught and isinstance(given, str) and given == PLANTED:
        return PLANTED
    words = "'max' or 'planted'" if taught else "'max'"
    raise ValueError(f"reference must be a Reference, a number (its margin), {words}, or None, got {shown(given)}")


def spread(model: Model, given: Any) -> tuple[list[Reference | str], bool]:
    """The references asked for, and whether they are an axis."""
    if isinstance(given, Reference):
        return list(given.each()), given.several
    if not isinstance(given, (list, tuple, np.ndarray)) or np.ndim(given) == 0 and isinstance(given, np.ndarray):
        return [named(model, given)], False
    found = [named(model, one) for one in given]
    if not found:
        raise ValueError("reference must not be an empty list")
    return found, True


def labels(references: list[Reference | str]) -> np.ndarray:
    """Coordinates: the margins where all are margins of typical solutions, else words."""
    plain = [one.margin for one in references if isinstance(one, Reference) and one.model is None and one.plain]
    if len(plain) == len(references) and all(isinstance(margin, float) for margin in plain):
        return np.array(plain)
    return np.array([one if isinstance(one, str) else one.label for one in references])


def settings_of(one: Reference | str) -> Any:
    """For records."""
    return one if isinstance(one, str) else one.settings()
