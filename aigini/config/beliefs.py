"""The tables [posterior], [priors.NAME] and [alternatives.NAME.LABEL]: their settings and their mistakes.

What is wrong with a table in itself is a mistake for every command. What does not fit together is one only for the
commands that read it: priors and [posterior] for `posterior` and `beliefs`, alternatives for `beliefs` alone.
"""

import functools
from collections.abc import Mapping

from aigini.bayes.priors import NUMBERS, Prior, prior_problems
from aigini.bayes.settings import NutsSettings, PosteriorSettings
from aigini.config.schema import FileSchema, PriorSection
from aigini.errors import unknown_name
from aigini.parameter_space import ParameterSpace, Tie
from aigini.parameters import SPECS

LARGEST_CHAINS = 10_000_000
"""Most iterations of all chains together: each is kept with its outcomes."""


def own_problems(file: FileSchema) -> list[str]:
    """Sentences about mistakes of these tables in themselves."""
    section, known = file.posterior, list(SPECS)
    lines = [f"priors.{name}: {unknown_name(name, known)}" for name in file.priors if name not in SPECS]
    lines += [f"alternatives.{name}: {unknown_name(name, known)}" for name in file.alternatives if name not in SPECS]
    lines += [f"posterior.free: {unknown_name(name, known)}" for name in section.free if name not in SPECS]
    if len(set(section.free)) < len(section.free):
        lines.append("posterior.free names a parameter twice; name each once.")
    if not section.m6_low < section.m6_high:
        lines.append(
            f"posterior.m6_low = {section.m6_low:g} and m6_high = {section.m6_high:g} are not a range; give the smaller"
            " one first."
        )
    iterations = section.chains * (section.warmup + section.draws)
    if iterations > LARGEST_CHAINS:
        lines.append(
            f"posterior.chains = {section.chains} of warmup = {section.warmup} and draws = {section.draws} are"
            f" {iterations:,} iterations, more than {LARGEST_CHAINS:,}, which are kept in memory; lower one of them."
        )
    for where, name, prior in _every_prior(file):
        if name in SPECS:
            lines += prior_problems(where, _given(prior), (SPECS[name].lower, SPECS[name].upper))
    return lines


def posterior_problems(file: FileSchema) -> list[str]:
    """Sentences about settings that contradict each other where a posterior is sampled."""
    tie, free = file.calibration.tie, file.posterior.free
    lines = ParameterSpace(tuple(free), tie).problems("posterior.free")
    for name in free:
        if name in SPECS and name not in file.priors:
            lines.append(f"posterior.free names {name}, which has no [priors.{name}]; give it a distribution.")
        elif name in SPECS:
            lines += prior_problems(f"priors.{name}", _given(file.priors[name]), _bounds(name, tie))
    return lines


def alternatives_problems(file: FileSchema) -> list[str]:
    """Sentences about settings that contradict each other where other priors are compared."""
    tie, lines = file.calibration.tie, []
    for name, labelled in file.alternatives.items():
        if name not in file.posterior.free:
            lines.append(
                f"alternatives.{name}: {name} is not in posterior.free; add it there, or take these priors away with"
                f' alternatives.{name} = "none".'
            )
        elif name in SPECS:
            for label, prior in labelled.items():
                lines += prior_problems(f"alternatives.{name}.{label}", _given(prior), _bounds(name, tie))
    return lines


def settings(file: FileSchema) -> PosteriorSettings:
    """The posterior that is asked for; of tables that do not fit together, only what is usable."""
    section, tie = file.posterior, file.calibration.tie

    def usable(priors: Mapping[str, PriorSection], name: str | None = None) -> dict[str, Prior]:
        return {
            key: _prior(prior, bounds)
            for key, prior in priors.items()
            for bounds in [_bounds(name or key, tie)]
            if not prior_problems("", _given(prior), bounds)
        }

    priors = usable({name: file.priors[name] for name in section.free if name in file.priors})
    return PosteriorSettings(
        priors=priors,
        alternatives={name: usable(labelled, name) for name, labelled in file.alternatives.items() if name in priors},
        scenarios=tuple(section.scenarios),
        m6=section.m6,
        m6_range=(section.m6_low, section.m6_high),
        nuts=NutsSettings(
            chains=section.chains,
            warmup=section.warmup,
            draws=section.draws,
            seed=section.seed,
            target_accept=section.target_accept,
            max_tree_depth=section.max_tree_depth,
            block=section.checkpoint_every,
        ),
        n_workers=section.n_workers,
        noise_share=section.noise_share,
        populations=section.populations,
        population_draws=section.population_draws,
    )


def _every_prior(file: FileSchema) -> list[tuple[str, str, PriorSection]]:
    """Place, parameter and table of every prior."""
    priors = [(f"priors.{name}", name, prior) for name, prior in file.priors.items()]
    return priors + [
        (f"alternatives.{name}.{label}", name, prior)
        for name, labelled in file.alternatives.items()
        for label, prior in labelled.items()
    ]


def _given(section: PriorSection) -> dict[str, float | str]:
    return {key: value for key, value in section.model_dump().items() if value is not None}


@functools.cache
def _bounds(name: str, tie: Tie) -> tuple[float, float]:
    return ParameterSpace((), tie).bounds(name)


def _prior(section: PriorSection, bounds: tuple[float, float]) -> Prior:
    given = _given(section)
    one, two = (float(given[key]) for key in NUMBERS[section.distribution])
    return Prior(section.distribution, (one, two), bounds)
