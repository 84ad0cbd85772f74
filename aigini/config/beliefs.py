"""The tables [posterior] and [priors.NAME] of a configuration file, and what can be wrong with them."""

from pydantic import BaseModel, ConfigDict, Field

from aigini.bayes.likelihood import M6Belief
from aigini.bayes.priors import NUMBERS, Family, Prior, prior_problems
from aigini.bayes.settings import NutsSettings, PosteriorSettings
from aigini.errors import unknown_name
from aigini.estimation.problem import FreeSpace, Tie
from aigini.parameters import SPECS


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PosteriorSection(_Section):
    """[posterior]."""

    free: list[str] = Field(default=[], min_length=1)
    m6: M6Belief = "normal"
    m6_low: float = -0.02
    m6_high: float = 0.02
    scenarios: list[float] = Field(default=[], max_length=20)
    n_workers: int | None = Field(default=None, ge=2)
    noise_share: float = Field(default=0.13, gt=0)
    populations: int = Field(default=8, ge=2, le=1000)
    population_draws: int = Field(default=500, ge=100)
    chains: int = Field(default=4, ge=2)
    warmup: int = Field(default=300, ge=100)
    draws: int = Field(default=1000, ge=4)
    seed: int = Field(default=0, ge=0)
    target_accept: float = Field(default=0.8, gt=0, lt=1)
    max_tree_depth: int = Field(default=8, ge=1, le=15)
    checkpoint_every: int = Field(default=25, ge=1)


class PriorSection(_Section):
    """[priors.NAME]: a family and its two numbers, see `aigini.bayes.priors`."""

    distribution: Family
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    log_sd: float | None = None
    a: float | None = None
    b: float | None = None
    source: str = ""
    seen: str = ""


def settings(
    section: PosteriorSection,
    priors: dict[str, PriorSection],
    alternatives: dict[str, dict[str, PriorSection]],
    tie: Tie,
    found: list[str],
) -> PosteriorSettings | None:
    """The posterior that is asked for; None, and sentences in `found`, where something is wrong."""
    before = len(found)
    known = list(SPECS)
    found += [f"priors.{name}: {unknown_name(name, known)}" for name in priors if name not in SPECS]
    found += [f"posterior.free: {unknown_name(name, known)}" for name in section.free if name not in SPECS]
    if len(set(section.free)) < len(section.free):
        found.append("posterior.free names a parameter twice; name each once.")
    if tie != "none" and "eta0" in section.free:
        found.append('posterior.free has eta0, which calibration.tie sets to 1 - eta1; drop it, or set tie = "none".')
    for name in section.free:
        if name in SPECS and name not in priors:
            found.append(f"posterior.free names {name}, which has no [priors.{name}]; give it a distribution.")
    if not section.m6_low < section.m6_high:
        found.append(
            f"posterior.m6_low = {section.m6_low:g} and m6_high = {section.m6_high:g} are not a range; give the smaller"
            " one first."
        )
    built = {name: _prior(f"priors.{name}", name, prior, tie, found) for name, prior in priors.items() if name in SPECS}
    others = {}
    for name, labelled in alternatives.items():
        if name not in section.free:
            found.append(f"alternatives.{name}: {name} is not in posterior.free; add it there, or drop these priors.")
        elif name in SPECS:
            others[name] = {
                label: _prior(f"alternatives.{name}.{label}", name, prior, tie, found)
                for label, prior in labelled.items()
            }
    if len(found) > before:
        return None
    return PosteriorSettings(
        priors={name: prior for name in section.free if (prior := built[name]) is not None},
        alternatives={
            name: {label: prior for label, prior in labelled.items() if prior is not None}
            for name, labelled in others.items()
        },
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


def _prior(where: str, name: str, section: PriorSection, tie: Tie, found: list[str]) -> Prior | None:
    bounds = FreeSpace((), tie).bounds(name)
    given = {key: value for key, value in section.model_dump().items() if value is not None}
    wrong = prior_problems(where, given, bounds)
    found += wrong
    if wrong:
        return None
    one, two = (float(given[key]) for key in NUMBERS[section.distribution])
    return Prior(section.distribution, (one, two), bounds)
