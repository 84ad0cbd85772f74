"""A study of panels: replications of every kind of panel, and what follows from them."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from aigini.analysis.occupations.power import LEVEL
from aigini.economy.economy import Scenario
from aigini.panel.design.answers import ESTIMATORS, GROUP_TIME, QUESTIONS, USERS
from aigini.panel.design.diagnosands import Diagnosis, difference, measures
from aigini.panel.design.layout import layout_of
from aigini.panel.design.replications import inquiries, replicate
from aigini.panel.design.result import DesignStudy, Regime
from aigini.panel.design.sampler import SELECTED_ON
from aigini.panel.design.settings import DesignSettings, Size
from aigini.panel.design.smallest import RegimeTest, SmallestPanel, regime_test, smallest_panel
from aigini.panel.design.world import World, world_of
from aigini.parameters import Parameters
from aigini.runtime import random_keys
from aigini.runtime.evaluations import evaluated, fingerprint
from aigini.runtime.progress import report

CONFIGURED, NO_AI = "as configured", "no AI"
REPORTED = tuple(name for name in QUESTIONS if name not in ("use", "users_less_others"))
"""Questions whose estimators are diagnosed in every kind of panel."""
INSTRUMENT = "adoption as instrument"
USER_GAIN = "user_gain"
"""The question of what AI adds to the log output of those who use it."""
TOLD_BY = (
    "log_cv",
    "gain_gap",
    "schooling_slope",
    "requirement",
    "diagnostic_variance",
    "between_share",
    "asset_variance",
)
"""Questions whose effects together tell two economies apart."""
_CENSUS = Size(firms=1000)
_CENSUSES = 40
_BLOCK = 250
"""Panels that are kept as one."""

GiniChanges = Callable[[Sequence[Mapping[str, float]]], Sequence[tuple[float, float]]]
"""Changes of the Gini of the configured income at several parameters, with their simulation standard errors."""


@dataclasses.dataclass(frozen=True)
class _Kind:
    """One kind of panel."""

    varied: str
    value: float
    world: str
    size: Size
    selection: float = 0.0
    within: float | None = None  # selection into use within firms, with partial compliance


def _structure(share: float, xi: float) -> str:
    return f"{share:.0%} proprietary AI, xi = {xi:g}"


def _regime(eta1: float) -> str:
    return f"eta1 = {eta1:g}"


def _worlds(params: Parameters, scenario: Scenario, settings: DesignSettings) -> dict[str, tuple[Parameters, Scenario]]:
    """Parameters and AI levels of every economy."""
    low, high = float(scenario.A0), float(scenario.A1)
    every = {CONFIGURED: (params, scenario), NO_AI: (params, dataclasses.replace(scenario, A1=low))}
    for effect in settings.effects:
        if effect not in (0.0, 1.0):
            every[_effect(effect)] = (params, dataclasses.replace(scenario, A1=low + effect * (high - low)))
    total = float(params.eta0) + float(params.eta1)
    for share in settings.structure_shares:
        for xi in settings.rent_shares:
            own = params.replace(eta0=total * (1 - share), eta1=total * share, xi=xi)
            every[_structure(share, xi)] = (own, scenario)
    for k, eta1 in enumerate(settings.regime_eta1):
        xi = float(params.xi) if settings.regime_xi is None else settings.regime_xi[k]
        every[_regime(eta1)] = (params.replace(eta0=max(total - eta1, 0.0), eta1=eta1, xi=xi), scenario)
    return every


def _effect(multiple: float) -> str:
    return f"{multiple:g} of AI"


def _kinds(settings: DesignSettings) -> list[_Kind]:
    """Every kind of panel, each once."""
    size = settings.size
    kinds = [_Kind("reference", 0.0, CONFIGURED, size), _Kind("effect", 0.0, NO_AI, size)]
    for firms in sorted({*settings.firms, size.firms}):
        own = dataclasses.replace(size, firms=firms)
        names = [CONFIGURED, NO_AI]
        names += [_structure(share, xi) for share in settings.structure_shares for xi in settings.rent_shares]
        names += [_regime(eta1) for eta1 in settings.regime_eta1]
        kinds += [_Kind("firms", float(firms), name, own) for name in names]
    for field in ("workers", "tasks", "periods"):
        kinds += [
            _Kind(field, float(value), CONFIGURED, dataclasses.replace(size, **{field: value}))
            for value in getattr(settings, field)
        ]
    kinds += [_Kind("effect", one, _effect(one), size) for one in settings.effects if one not in (0.0, 1.0)]
    kinds += [_Kind("selection", one, CONFIGURED, size, selection=one) for one in settings.selection]
    kinds += [_Kind("use", one, CONFIGURED, size, within=one) for one in (0.0, *settings.selection)]
    return kinds


def _numbers(settings: DesignSettings, kind: _Kind, user_gain: float) -> dict[str, jax.Array]:
    own = {**settings.assumed, **dict.fromkeys(SELECTED_ON, 0.0), f"by_{settings.selected_on}": kind.selection}
    if kind.within is not None:
        own |= {"compliance": min(settings.partial_compliance, own["compliance"]), "worker_selection": kind.within}
    return {name: jnp.asarray(float(value)) for name, value in {**own, "user_gain": user_gain}.items()}


@dataclasses.dataclass
class _Replicated:
    """Replications of one kind of panel."""

    kind: _Kind
    values: np.ndarray  # [replications, 3, questions + 1, estimators]
    truth: np.ndarray  # [questions]
    truth_error: np.ndarray

    def of(self, question: str, estimator: str = GROUP_TIME) -> np.ndarray:
        """Effects, standard errors and degrees of freedom, ``[replications, 3]``."""
        return self.values[:, :, list(QUESTIONS).index(question), ESTIMATORS.index(estimator)]

    def inquiry(self, question: str) -> tuple[float, float]:
        """The true effect and its Monte Carlo error."""
        k = list(QUESTIONS).index(question)
        return float(self.truth[k]), float(self.truth_error[k])


def study(params: Parameters, scenario: Scenario, settings: DesignSettings, gini_changes: GiniChanges) -> DesignStudy:
    """Declare panels of every kind, draw them by the hundred, and diagnose what they can tell.

    Args:
        params: Parameters of the economy.
        scenario: Its AI levels and mechanisms.
        settings: The study.
        gini_changes: Changes of the Gini in the two economies of either regime.

    Raises:
        AnalysisError: if a panel is too small for its cohorts.
        EquilibriumError: if an economy has none.
    """
    described = _worlds(params, scenario, settings)
    occupations = np.asarray(world_of(*described[CONFIGURED], settings.occupations).occupations)
    worlds = {name: world_of(own, at, occupations) for name, (own, at) in described.items()}
    runs = _replications(settings, worlds)
    regimes = _regimes(settings, described, gini_changes)
    diagnoses = [row for run in runs for row in _diagnoses(run)]
    diagnoses += _contrasts(settings, runs)
    tests = _regime_tests(settings, runs)
    return DesignStudy(
        assumed=dict(settings.assumed),
        size=dataclasses.asdict(settings.size),
        occupations=settings.occupations,
        selected_on=settings.selected_on,
        replications=settings.replications,
        diagnoses=tuple(diagnoses),
        smallest=tuple(_smallest(settings, diagnoses, tests)),
        regimes=tuple(regimes),
        regime_tests=tuple(tests),
    )


def _replications(settings: DesignSettings, worlds: Mapping[str, World]) -> list[_Replicated]:
    """Replications of every kind of panel; each kind has its own stream of random numbers."""
    kinds = _kinds(settings)
    block = max(one for one in range(1, _BLOCK + 1) if settings.replications % one == 0)
    truths: dict[tuple[object, ...], tuple[np.ndarray, np.ndarray]] = {}
    runs, total = [], len(kinds) * settings.replications
    with random_keys.pinned():
        root = random_keys.key(settings.seed)
        for number, kind in enumerate(kinds):
            world = worlds[kind.world]
            words = jax.random.key_data(jax.random.fold_in(root, number))
            truth, error = _truth(settings, kind, world, jax.random.key_data(root), truths)
            gain, use = (truth[list(QUESTIONS).index(name)] for name in ("gain", "use"))
            numbers = _numbers(settings, kind, float(gain / use) if use > 0 else 0.0)
            layout = layout_of(kind.size, settings.occupations, settings.cohorts, settings.assumed["never_share"])
            parts = []
            for start in range(0, settings.replications, block):
                report("panels", number * settings.replications + start, total)
                panels = np.arange(start, start + block, dtype=np.uint32)
                parts.append(
                    evaluated(
                        lambda panels=panels, words=words, world=world, numbers=numbers, layout=layout: replicate(
                            words, panels, world, numbers, layout
                        ),
                        lambda panels=panels, words=words, world=world, numbers=numbers, layout=layout: fingerprint(
                            "panels", np.asarray(words), panels, world, numbers, layout
                        ),
                    )
                )
            runs.append(_Replicated(kind, np.concatenate(parts).astype(float), truth, error))
        report("panels", total, total)
    return runs


def _truth(
    settings: DesignSettings,
    kind: _Kind,
    world: World,
    words: jax.Array,
    known: dict[tuple[object, ...], tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """True effects in large panels of a kind, and their Monte Carlo errors."""
    size = dataclasses.replace(kind.size, firms=_CENSUS.firms, workers=_CENSUS.workers)
    key = (kind.world, size, kind.selection, kind.within)
    if key not in known:
        layout = layout_of(size, settings.occupations, settings.cohorts, settings.assumed["never_share"])
        numbers, panels = _numbers(settings, kind, 0.0), np.arange(_CENSUSES, dtype=np.uint32)
        values = np.asarray(
            evaluated(
                lambda: inquiries(words, panels, world, numbers, layout),
                lambda: fingerprint("inquiries", np.asarray(words), panels, world, numbers, layout),
            )
        )
        known[key] = (values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values)))
    truth, error = known[key]
    if kind.world == NO_AI:
        # Nothing moves without AI; the share of those who are called users does.
        return np.where(np.array([name == "use" for name in QUESTIONS]), truth, 0.0), np.zeros_like(error)
    return truth, error


def _row(kind: _Kind, question: str, estimator: str, values: np.ndarray, inquiry: tuple[float, float]) -> Diagnosis:
    size = kind.size
    return Diagnosis(
        varied=kind.varied,
        value=kind.value,
        world=kind.world,
        firms=size.firms,
        workers=size.workers,
        tasks=size.tasks,
        periods=size.periods,
        question=question,
        estimator=estimator,
        **measures(values[:, 0], values[:, 1], values[:, 2], *inquiry),  # pyright: ignore[reportArgumentType]
    )


def _diagnoses(run: _Replicated) -> list[Diagnosis]:
    """Every estimator of every question in one kind of panel."""
    rows = [
        _row(run.kind, question, estimator, run.of(question, estimator), run.inquiry(question))
        for question in REPORTED
        for estimator in ESTIMATORS
        if estimator != USERS
    ]
    if run.kind.within is None:
        return rows
    gain, use = run.inquiry("gain"), run.inquiry("use")
    truth = (gain[0] / use[0], gain[1] / use[0])
    shares = run.of("use")[:, 0]
    net = run.values[:, :, -1, ESTIMATORS.index(GROUP_TIME)]
    instrument = np.stack([run.of("gain")[:, 0] / shares, net[:, 1] / shares, net[:, 2]], axis=1)
    rows.append(_row(run.kind, USER_GAIN, INSTRUMENT, instrument, truth))
    rows.append(_row(run.kind, USER_GAIN, USERS, run.of("users_less_others", USERS), truth))
    return rows


def _by_size(runs: Sequence[_Replicated], world: str) -> dict[int, _Replicated]:
    return {run.kind.size.firms: run for run in runs if run.kind.varied == "firms" and run.kind.world == world}


STRUCTURE, RENTS = "H4: proprietary less commodity AI", "H4: high less low rent share, proprietary AI"


def _contrasts(settings: DesignSettings, runs: Sequence[_Replicated]) -> list[Diagnosis]:
    """Differences of effects between kinds of firms, half of a panel each."""
    commodity, proprietary = settings.structure_shares
    low, high = settings.rent_shares
    pairs = {
        STRUCTURE: (_structure(proprietary, high), _structure(commodity, high)),
        RENTS: (_structure(proprietary, high), _structure(proprietary, low)),
    }
    rows = []
    for name, (one, other) in pairs.items():
        first, second = _by_size(runs, one), _by_size(runs, other)
        for firms, run in first.items():
            values = difference(run.of("between_share"), second[firms].of("between_share"))
            (own, own_error), (base, base_error) = run.inquiry("between_share"), second[firms].inquiry("between_share")
            size = dataclasses.replace(run.kind.size, firms=2 * firms)
            kind = _Kind("firms", 2.0 * firms, name, size)
            inquiry = (own - base, float(np.hypot(own_error, base_error)))
            rows.append(_row(kind, "between_share", GROUP_TIME, values, inquiry))
    return rows


def _regimes(
    settings: DesignSettings, described: Mapping[str, tuple[Parameters, Scenario]], gini_changes: GiniChanges
) -> list[Regime]:
    names = [_regime(eta1) for eta1 in settings.regime_eta1]
    values = [described[name][0].as_dict() for name in names]
    changes = gini_changes(values)
    return [
        Regime(name, own["eta1"], own["xi"], float(change), float(error))
        for name, own, (change, error) in zip(names, values, changes, strict=True)
    ]


def _regime_tests(settings: DesignSettings, runs: Sequence[_Replicated]) -> list[RegimeTest]:
    """Tests of either regime against the other, by all questions together."""
    tests = []
    first, second = (_regime(eta1) for eta1 in settings.regime_eta1)
    for null, other in ((first, second), (second, first)):
        by_null, by_other = _by_size(runs, null), _by_size(runs, other)
        for firms, run in by_null.items():
            estimates, effects = [], []
            for one in (run, by_other[firms]):
                estimates.append(np.stack([one.of(question)[:, 0] for question in TOLD_BY], axis=1))
                effects.append(np.array([one.inquiry(question)[0] for question in TOLD_BY]))
            tests.append(RegimeTest(null, other, firms, *regime_test(*estimates, *effects)))
    return tests


_TARGETS = {
    "log_cv": "H1: dispersion within tasks falls",
    "gain_gap": "H1: the able gain less",
    "schooling_slope": "H2: the return to schooling falls",
    "requirement": "H3: credentials are required more often",
    "diagnostic_variance": "H3: the diagnostic variance falls",
    "between_share": "H4: firms' wages drift apart, as configured",
}


def _smallest(
    settings: DesignSettings, diagnoses: Sequence[Diagnosis], tests: Sequence[RegimeTest]
) -> list[SmallestPanel]:
    """The smallest panel for each hypothesis and for each regime as the null hypothesis."""
    rows = [row for row in diagnoses if row.varied == "firms" and row.estimator == GROUP_TIME]
    made = []

    def add(target: str, test: str, points: Sequence[tuple[int, float]]) -> None:
        ordered = sorted(points)
        made.append(
            smallest_panel(
                target, test, [firms for firms, _ in ordered], [rate for _, rate in ordered], settings.replications
            )
        )

    words = f"two-sided {LEVEL:.0%} t test"
    for question, target in _TARGETS.items():
        own = [(row.firms, row.power) for row in rows if (row.question, row.world) == (question, CONFIGURED)]
        add(target, words, own)
    for name in (STRUCTURE, RENTS):
        add(name, words, [(row.firms, row.power) for row in rows if row.world == name])
    for null in dict.fromkeys(test.null for test in tests):
        own = [test for test in tests if test.null == null]
        add(
            f"regimes: {own[0].alternative} against {null}",
            f"{LEVEL:.0%} likelihood-ratio test of all effects",
            [(test.firms, test.power) for test in own],
        )
    return made
