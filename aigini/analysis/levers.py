"""Levers on the distribution of AI's gains, as transformations of parameters of documented strength.

A lever describes the institutions under which AI arrives: it holds before and after, and the change of the Gini remains
the effect of AI under it. Strength s runs from 0 (the estimates) to 1; `LEVER_WORDS` says what each does.

A lever moves parameters, or is an instrument that takes from incomes and pays out (`aigini.economy.interventions`).
Levers act on different parameters, so a pair is the two in any order, and parameters and strengths of instruments are
linear in strengths: exact derivatives in strengths are those in parameters times a constant move. `register_lever` adds
one.

Mechanisms are reported; nothing is recommended. Costs of a lever are outside this economy.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.analysis.frontier import Goals
from aigini.economy.economy import solve
from aigini.economy.interventions import CapitalDividend, Instrument, Intervention
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.outcome_map import GINIS, TILE
from aigini.parameter_space import pack, unpack
from aigini.parameters import PARAMETER_NAMES
from aigini.runtime.user_code import definition, redefines
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.outcomes import OUTCOME_NAMES

_OUTPUT = OUTCOME_NAMES.index("output")
_REPORTED = (*GINIS, _OUTPUT)  # what is reported of the outcomes
OUTCOMES = ("gini_total", "gini_wage", "output")  # their names

FULL = 1 - 1e-6
"""Largest strength. The last bit of a strength of 1 would switch off what must stay positive, such as all dispersion of
assets."""

Values = dict[str, float]


def _open_access(v: Values, s: float) -> Values:
    return {**v, "eta1": (1 - s) * v["eta1"], "eta0": v["eta0"] + s * v["eta1"]}


def _towards_one(name: str) -> Callable[[Values, float], Values]:
    return lambda v, s: {**v, name: v[name] + s * (1 - v[name])}


def _scaled(*names: str) -> Callable[[Values, float], Values]:
    return lambda v, s: {**v, **{name: (1 - s) * v[name] for name in names}}


LEVERS: dict[str, Callable[[Values, float], Values]] = {
    "open_access": _open_access,
    "rent_sharing": _towards_one("xi"),
    "antitrust": _scaled("asset_sd", "cumulative_advantage"),
    "data_portability": _towards_one("asset_reversion"),
    "capital_dividend": _towards_one("capital_dividend"),
    "retraining": _towards_one("retooling"),
    "slower_deployment": _scaled("adoption"),
}
"""Each lever as a map from the parameters, and the strengths of instruments by name, and a strength."""

LEVER_WORDS = {
    "open_access": "the share s of proprietary AI becomes commodity AI: η1 -> (1 - s) η1, η0 -> η0 + s η1",
    "rent_sharing": "workers get the share s of what owners kept of quasi-rents: ξ -> ξ + s (1 - ξ)",
    "antitrust": "dispersion of assets and cumulative advantage shrink: σ_K -> (1 - s) σ_K, χ -> (1 - s) χ",
    "data_portability": "leads in assets fade faster: μ -> μ + s (1 - μ)",
    "capital_dividend": "the share s of capital income is paid out equally to all workers",
    "retraining": "more of the desired change of schooling is carried out: r -> r + s (1 - r)",
    "slower_deployment": "fewer augmentable tasks use AI: adoption -> (1 - s) adoption; at s = 1 AI has no effect",
}
"""Meaning of each lever of aigini's at strength s, from 0 to 1."""

INSTRUMENTS: dict[str, Callable[[Any], Instrument]] = {"capital_dividend": CapitalDividend}
"""Levers that take from incomes, and the instruments they are."""
_BUILT_IN = frozenset(LEVERS)


def register_lever(name: str, lever: Any) -> None:
    """Add a lever to `aigini policy`.

    Args:
        name: Its name.
        lever: An instrument, a subclass of `aigini.Instrument`, whose strength the lever is; or a function of all
            parameters by name and a strength s from 0 to 1, which returns the parameters moved, linearly in s.

    Raises:
        AnalysisError: if the name is taken by another definition, or the lever is none. One of the same name in the
            same notebook is replaced.
    """
    taken = name in LEVERS and not redefines(lever, INSTRUMENTS.get(name, LEVERS[name]))
    if taken or name in PARAMETER_NAMES:
        raise AnalysisError(f"levers: {name} is the name of a lever or a parameter already; give yours another one.")
    if isinstance(lever, Instrument) or not callable(lever):
        raise AnalysisError(
            f"levers: {name} was registered with a {type(lever).__name__} itself, expected a function of parameters"
            " and a strength, or a subclass of aigini.Instrument; register that."
        )
    given: Any = lever
    if not inspect.isclass(lever):
        LEVERS[name] = given
        return
    try:
        made = given(jnp.zeros(()))
    except TypeError as error:
        raise AnalysisError(
            f"levers: {name}: {lever.__name__} cannot be made from a strength alone ({error}); give every other field a"
            " default, and write levy."
        ) from None
    if not isinstance(made, Instrument):
        raise AnalysisError(f"levers: {name}: {lever.__name__} is no instrument; subclass aigini.Instrument.")
    INSTRUMENTS[name], LEVERS[name] = given, _towards_one(name)


def definitions() -> dict[str, str]:
    """The levers that users registered, as text by name."""
    return {name: definition(INSTRUMENTS.get(name, lever)) for name, lever in LEVERS.items() if name not in _BUILT_IN}


def _under(
    economy: EconomyMap, kinds: tuple[Callable[[Any], Instrument], ...], strengths: Float[Array, "instruments"]
) -> EconomyMap:
    """The economy under all instruments at their strengths."""
    return economy.under(Intervention(tuple(kind(strengths[k]) for k, kind in enumerate(kinds))))


@functools.partial(jax.jit, static_argnames="kinds")
def _values(
    vectors: Float[Array, "points parameters"],
    strengths: Float[Array, "points instruments"],
    kinds: tuple[Callable[[Any], Instrument], ...],
    economy: EconomyMap,
) -> Float[Array, "points outcomes"]:
    return jax.lax.map(lambda point: _under(economy, kinds, point[1])(unpack(point[0])), (vectors, strengths))


@functools.partial(jax.jit, static_argnames="kinds")
def _goals(
    vector: Float[Array, "parameters"],
    strengths: Float[Array, "instruments"],
    kinds: tuple[Callable[[Any], Instrument], ...],
    economy: EconomyMap,
) -> tuple[Float[Array, "goals"], Float[Array, "goals parameters_and_instruments"]]:
    """ΔGini of total income and relative change of output, with derivatives in all parameters and instruments."""

    def gini(vector: Array, strengths: Array) -> Array:
        return _under(economy, kinds, strengths)(unpack(vector))[GINIS[0]]

    def output(vector: Array, strengths: Array) -> Array:  # it depends on neither simulated workers nor instruments
        solved = solve(unpack(vector), economy.scenario, economy.population.firm_shocks)
        return solved.after.market.output / solved.before.market.output - 1 + 0 * jnp.sum(strengths)

    at = (vector, strengths)
    results = [jax.value_and_grad(goal, argnums=(0, 1))(*at) for goal in (gini, output)]
    return jnp.stack([value for value, _ in results]), jnp.stack([jnp.append(*slopes) for _, slopes in results])


def combination(model: EstimatedModel, names: Sequence[str], strengths: Sequence[float]) -> Values:
    """All parameters, and the strengths of instruments, at the given strengths of some levers."""
    start = {**model.values, **dict.fromkeys(INSTRUMENTS, 0.0)}
    return functools.reduce(lambda v, lever: LEVERS[lever[0]](v, lever[1]), zip(names, strengths, strict=True), start)


def goals(model: EstimatedModel, names: Sequence[str]) -> Goals:
    """ΔGini of total income and output as functions of the strengths of some levers, with exact derivatives."""
    moves = np.array([_move(model, name) for name in names])

    def at(strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = combination(model, names, strengths.tolist())
        kinds = tuple(INSTRUMENTS.values())
        results, slopes = model.outcome_map.run(_goals, pack(values), _levied(values), kinds)
        return results, slopes @ moves.T

    return at


def _move(model: EstimatedModel, name: str) -> np.ndarray:
    """Derivative of all parameters, and of the strengths of instruments, in the strength of a lever.

    Raises:
        AnalysisError: if these are not linear in the strength, or are no parameters inside their bounds.
    """
    start = {**model.values, **dict.fromkeys(INSTRUMENTS, 0.0)}
    moved = [combination(model, [name], [strength]) for strength in (0.0, 0.31, 1.0)]
    if unknown := sorted(set(moved[-1]) - set(start)):
        raise AnalysisError(f"levers: {name} moves {', '.join(unknown)}, which is no parameter; correct the name.")
    before, none, part, full = (np.append(pack(values), _levied(values)) for values in (start, *moved))
    if not np.array_equal(before, none):
        raise AnalysisError(f"levers: {name} moves parameters at strength 0 already; let it move none there.")
    if not np.allclose(part, none + 0.31 * (full - none), rtol=1e-9, atol=1e-12):
        raise AnalysisError(
            f"levers: {name} does not move parameters in proportion to its strength; make it linear in the strength."
        )
    if wrong := model.outcome_map.problems({parameter: moved[-1][parameter] for parameter in PARAMETER_NAMES}):
        raise AnalysisError(
            f"levers: {name} at full strength leaves the bounds of parameters: {'; '.join(wrong)} Let it move less."
        )
    return full - none


def _levied(values: Values) -> np.ndarray:
    """Strengths of all instruments, ``[instruments]``."""
    return np.array([values[name] for name in INSTRUMENTS])


def lever_slopes(model: EstimatedModel) -> np.ndarray:
    """Derivatives of both Ginis and of output in the strength of every lever at 0, ``[levers, 3]``."""
    names = tuple(LEVERS)
    total, output = goals(model, names)(np.zeros(len(names)))[1]
    # Instruments move no wages, so parameters are all there is for these.
    wage = [float(model.jacobian[GINIS[1]] @ _move(model, name)[: len(PARAMETER_NAMES)]) for name in names]
    return np.array([total, wage, output]).T


def tile(model: EstimatedModel, points: Sequence[Values]) -> np.ndarray:
    """Changes of both Ginis and of output at no more than `TILE` points, ``[points, 3]``.

    Raises:
        AnalysisError: if one of them is not finite.
    """
    padded = [*points, *[points[-1]] * (TILE - len(points))]
    vectors = np.array([pack(values) for values in padded])
    strengths = np.array([_levied(values) for values in padded])
    outcomes = model.outcome_map.run(_values, vectors, strengths, tuple(INSTRUMENTS.values()))
    changes = outcomes[: len(points), list(_REPORTED)]
    if not np.all(np.isfinite(changes)):
        bad = points[int(np.flatnonzero(~np.isfinite(changes).all(axis=1))[0])]
        changed = [f"{name} = {value:.4g}" for name, value in bad.items() if value != model.values.get(name, 0.0)]
        raise AnalysisError(
            f"levers: the change of a Gini or of output is not finite at the estimates with {', '.join(changed)};"
            " stay nearer the baseline."
        )
    return changes
