"""Moments: one object each, from which values, exact derivatives, tables and figures follow.

A moment is the change, between the two AI levels, of a level: a number of the solved economy at one AI level and of
sums over its workers. It names the sums that it needs, and sees no others, so that the exact Jacobian
(`aigini.statistics.jacobian`) knows all its dependences.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.economy import Economy, State
from aigini.economy.worker_outcome import WorkerOutcome
from aigini.errors import MomentError
from aigini.parameters import Parameters, Scalar
from aigini.statistics.accumulate import Row
from aigini.statistics.jacobian import Part
from aigini.statistics.worker_sums import Reference, Sum, WorkersAt, reference

RELATIVE_UNIT = "relative change"


class View:
    """The economy at one AI level as a moment sees it; ``view[SUM]`` is a sum that the moment needs.

    Attributes:
        economy: The solved economy.
        state: Its state at this AI level.
    """

    def __init__(self, economy: Economy, state: State, sums: Mapping[Sum, Any]) -> None:
        self.economy, self.state, self._sums = economy, state, sums

    def __getitem__(self, needed: Sum) -> Any:
        if needed not in self._sums:
            raise KeyError("a moment asks for a sum that it does not name: add it to its `needs`.")
        return self._sums[needed]

    @property
    def params(self) -> Parameters:
        """Parameters of the economy."""
        return self.economy.environment.params

    @property
    def treated_weights(self) -> Float[Array, "occupations tasks"]:
        """Weights of the tasks that use AI, L_oz m(z; A1), the same at both AI levels."""
        return self.economy.after.market.production.treated_weights()


@dataclasses.dataclass(frozen=True, eq=False)
class Moment:
    """A moment of the simulated economy, which may be a target, or a statistic that is reported.

    Attributes:
        name: Its name in configurations, tables and files.
        meaning: Its meaning, in full.
        unit: Unit of its level; a share or an index between 0 and 1 says so, ``"share, 0 to 1"``.
        level: Its level in a state, a float64 scalar that JAX can differentiate.
        needs: The sums over workers that the level depends on; every one must be named.
        relative: True if the moment is the change relative to the level before AI, rather than the difference.
        label: In a few words, for figures; the meaning by default.
        fewest_firms: Number of firms from which it is defined.
    """

    name: str
    meaning: str
    unit: str
    level: Callable[[View], Scalar]
    needs: tuple[Sum, ...] = ()
    relative: bool = False
    label: str = ""
    fewest_firms: int = 1

    @property
    def change_unit(self) -> str:
        """Unit of the moment, which is a change."""
        if self.relative:
            return RELATIVE_UNIT
        head, bounded, _ = self.unit.partition(", 0 to 1")
        return f"change of the {head}" if bounded else f"change in {self.unit}"

    def at(self, economy: Economy, state: State, sums: Mapping[Sum, Any]) -> Scalar:
        """The level in a state, from the sums over all workers.

        Args:
            economy: The solved economy.
            state: One of its two states.
            sums: Sums over all workers in that state, those in `needs` among them.

        Raises:
            MomentError: if the level is not one float64 number.
        """
        level = self.level(View(economy, state, {needed: sums[needed] for needed in self.needs}))
        if jnp.shape(level) != ():
            raise MomentError(f"moment {self.name}: its level has shape {jnp.shape(level)}; return one number.")
        if jnp.result_type(level) != jnp.float64:
            raise MomentError(
                f"moment {self.name}: its level is {jnp.result_type(level)}; return a float64, such as a function of"
                " sums over workers, which are float64."
            )
        return level


class MomentStatistic(eqx.Module):
    """Some moments as a statistic of the workers, see `aigini.statistics.jacobian.Statistic`.

    Attributes:
        moments: The moments, the order of values.
        about: Points about which squares are summed.
        n_firms: Number of firms.
    """

    moments: tuple[Moment, ...] = eqx.field(static=True)
    about: Reference
    n_firms: int = eqx.field(static=True)

    @property
    def sums(self) -> tuple[tuple[Sum, ...], tuple[Sum, ...]]:
        """The sums that the moments need: those of the economy, and those kept by occupation."""
        every = tuple(dict.fromkeys(needed for moment in self.moments for needed in moment.needs))
        return tuple(s for s in every if not s.by_occupation), tuple(s for s in every if s.by_occupation)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Which moments depend on which sums.

        Each part is a pass over workers for each of its moments, so a sum joins one whose moments include its own.
        """
        needed = [
            (tuple(row for row, moment in enumerate(self.moments) if needed in moment.needs), (kind, i))
            for kind, sums in enumerate(self.sums)
            for i, needed in enumerate(sums)
        ]
        parts: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for rows, at in sorted(needed, key=lambda one: -len(one[0])):
            parts.setdefault(next((every for every in parts if set(rows) <= set(every)), rows), []).append(at)
        return tuple(Part(_select(chosen), rows) for rows, chosen in parts.items())

    def summarise(self, row: Row) -> tuple[Any, Any]:
        """Sums over a row of workers, before and after AI: those of the economy, and those kept by occupation."""

        def one(outcome: WorkerOutcome) -> Any:
            state = WorkersAt(outcome, row.workers, row.present, self.about, self.n_firms)
            common, own = (tuple(s.of(state) for s in sums) for sums in self.sums)
            return common, own

        return jax.vmap(one)(row.outcome)

    def finish(self, economy: Economy, sums: tuple[Any, Any]) -> Float[Array, "moments"]:
        """The moments, from the sums over all workers."""
        return changes(self.moments, *self.levels(economy, sums))

    def levels(self, economy: Economy, sums: tuple[Any, Any]) -> Float[Array, "2 moments"]:
        """Levels before and after AI, from the sums over all workers."""

        def levels(state: State, common: Any, own: Any) -> Float[Array, "moments"]:
            by_sum = dict(zip((*self.sums[0], *self.sums[1]), (*common, *own), strict=True))
            return jnp.stack([moment.at(economy, state, by_sum) for moment in self.moments])

        # One program for both states: compiling costs more than anything else here.
        return jax.vmap(levels, in_axes=(0, 0, 1))(economy.states, *sums)


def _select(chosen: list[tuple[int, int]]) -> Callable[[tuple[Any, Any]], Any]:
    return lambda sums: [sums[kind][i] for kind, i in chosen]


def changes(
    moments: Sequence[Moment], before: Float[Array, "moments"], after: Float[Array, "moments"]
) -> Float[Array, "moments"]:
    """Moments from their levels: differences, or changes relative to the level before AI."""
    relative = jnp.asarray([moment.relative for moment in moments])
    return (after - before) / jnp.where(relative, before, 1.0)


def statistic_of(moments: Sequence[Moment]) -> Callable[[Economy], MomentStatistic]:
    """Some moments as a statistic of the workers of a solved economy."""
    return lambda economy: MomentStatistic(
        moments=tuple(moments), about=reference(economy.before), n_firms=economy.before.intensity.shape[0]
    )
