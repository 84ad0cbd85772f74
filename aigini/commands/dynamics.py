"""`aigini dynamics`: the economy year by year, its regimes in the long run, and the boundary between them."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from aigini.analysis.timing_result import PolicyTiming
from aigini.commands.command import Command, ResultFile, Run, shown
from aigini.commands.dynamic_questions import (
    bifurcations,
    firm_convergence,
    phases,
    policy_timing,
    transition,
    yearly_channels,
)
from aigini.commands.purposes import PURPOSES
from aigini.dynamics.atlas import LongRunBifurcations
from aigini.dynamics.firm_simulation import FirmConvergence
from aigini.dynamics.phase_result import PhaseDiagrams
from aigini.dynamics.phases import DEFAULT_PLANES
from aigini.dynamics.result import Transition
from aigini.dynamics.settings import DYNAMICS_NAMES
from aigini.dynamics.yearly_channels import YearlyChannels
from aigini.errors import ConfigError
from aigini.parameters import PARAMETER_NAMES
from aigini.runtime.evaluations import kept_in
from aigini.runtime.precision import with_x64
from aigini.runtime.progress import watched
from aigini.storage import ledger


def figures(result: Transition) -> Iterator[tuple[str, Any]]:
    """Figures of the paths."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.dynamic_paths, every.phase_portrait, every.bifurcation)


def _bifurcation_figures(result: LongRunBifurcations) -> Iterator[tuple[str, Any]]:
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.bifurcation_diagrams, every.bistability)


def _phase_figures(result: PhaseDiagrams) -> Iterator[tuple[str, Any]]:
    from aigini import figures as every

    for one in result.diagrams:
        yield f"phases_{one.names[0]}_{one.names[1]}", every.phase_diagram(one)


def _policy_figures(result: PolicyTiming) -> Iterator[tuple[str, Any]]:
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.policy_timing)


def _firm_figures(result: FirmConvergence) -> Iterator[tuple[str, Any]]:
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.firm_convergence)


def _channel_figures(result: YearlyChannels) -> Iterator[tuple[str, Any]]:
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.yearly_channels)


@dataclasses.dataclass(frozen=True)
class _Part:
    """A further question that the command answers when it is asked for.

    Attributes:
        file: File of its result.
        compute: From a source, and options of the command line of its own, to the result.
        own: Names of these options.
    """

    file: ResultFile
    compute: Callable[..., Any]
    own: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Printed:
    """Several results, printed one after the other."""

    results: Sequence[Any]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.results))


PATHS = ResultFile("dynamics", Transition, figures)
PARTS = {
    part.file.name: part
    for part in (
        _Part(ResultFile("bifurcations", LongRunBifurcations, _bifurcation_figures), bifurcations),
        _Part(ResultFile("phases", PhaseDiagrams, _phase_figures), phases, ("planes", "count")),
        _Part(ResultFile("policy_timing", PolicyTiming, _policy_figures), policy_timing, ("duration",)),
        _Part(ResultFile("firms", FirmConvergence, _firm_figures), firm_convergence),
        _Part(ResultFile("yearly_channels", YearlyChannels, _channel_figures), yearly_channels),
    )
}
"""Further parts by the name of their file."""


def _options(
    part: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="PART", help=f"Answer a further question: {', '.join(PARTS)}, or all."),
    ] = None,
    plane: Annotated[
        list[str] | None,
        typer.Option("--plane", metavar="X,Y", help="Two parameters of a phase diagram; may be repeated."),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--grid", min=2, max=201, help="Grid points along each axis of phase diagrams, 13.")
    ] = None,
    duration: Annotated[
        int | None,
        typer.Option(
            "--policy-years", min=1, max=1000, help="Years after which policies that do not stay are lifted, 10."
        ),
    ] = None,
) -> Mapping[str, Any]:
    planes = []
    for item in plane or []:
        axes = tuple(name.strip() for name in item.split(","))
        if len(axes) != 2 or axes[0] == axes[1]:
            raise ConfigError(f"--plane {item}: expected two different parameters, for example --plane xi,eta1.")
        if unknown := [name for name in axes if name not in (*PARAMETER_NAMES, *DYNAMICS_NAMES)]:
            raise ConfigError(f"--plane {item}: {unknown[0]} is no parameter of the economy or of [dynamics].")
        planes.append(axes)
    if unknown := [name for name in part or [] if name not in (*PARTS, "all")]:
        raise ConfigError(f"--with {unknown[0]}: there is no such part; choose of {', '.join(PARTS)}, or all.")
    asked = list(PARTS) if "all" in (part or []) else list(dict.fromkeys(part or []))
    for option, given, of in (
        ("--plane", plane, "phases"),
        ("--grid", count, "phases"),
        ("--policy-years", duration, "policy_timing"),
    ):
        if given is not None and given != [] and of not in asked:
            raise ConfigError(f"{option}: it is for --with {of}, which is not asked for; add that.")
    return {
        "parts": asked,
        "planes": tuple(planes) or DEFAULT_PLANES,
        "count": 13 if count is None else count,
        "duration": 10 if duration is None else duration,
    }


def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    """The paths and the parts that are asked for, evaluations of all kept until every result is written."""
    request = repr((command.name, dict(options), *([dict(run.origin)] if run.origin else [])))
    cache = ledger.Ledger(run.folder, run.config, request, resume=run.resume)
    if run.resume:
        run.notify(f"resumed with {cache.count} finished evaluations")
    todo = [_Part(PATHS, transition), *(PARTS[name] for name in options["parts"])]
    results, timings = [], {}
    with kept_in(cache), watched(shown(run.notify)):
        for part in todo:
            clock = time.perf_counter()
            own = {name: options[name] for name in part.own}
            results.append((part.file, with_x64(part.compute)(run.source, **own)))
            timings[part.file.name] = time.perf_counter() - clock
    run.notify("drawing figures")
    run.write(results, timings)
    for file, result in results:
        file.draw(run.folder / "figures", result)
    cache.clear()
    run.show(_Printed([result for _, result in results]), [file for file, _ in results])
    names = ", ".join(f"{file.name}.json" for file, _ in results)
    run.notify(f"written in {run.folder}: {names} and figures")
    return 0


DYNAMICS = Command(
    "dynamics",
    PURPOSES["dynamics"],
    transition,
    Transition,
    figures,
    needs=(),
    options=_options,
    files=(PATHS, *(part.file for part in PARTS.values())),
    run=_run,
    estimates=False,
    analyses=True,
)
