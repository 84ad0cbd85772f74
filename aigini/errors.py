"""One exception per user mistake; each message says where, what was got, what was expected, what to do."""

import difflib
from collections.abc import Sequence


class AiginiError(Exception):
    """Base of every error that aigini raises on purpose; the command line prints it and exits with code 2."""


class ConfigError(AiginiError):
    """A configuration (file, ``--set`` or keyword) is not valid; the message lists every problem at once."""


class ParameterError(ConfigError):
    """A parameter is unknown, not finite, outside its bounds, or impossible together with others."""


class PopulationError(AiginiError):
    """A population cannot be drawn, or cannot support the statistic asked of it."""


class PrecisionError(AiginiError):
    """64-bit mode is off, so sums over workers would silently be accumulated in float32."""


class MomentError(AiginiError):
    """A moment is unknown, cannot be registered as asked, or has no level that can be used."""


class EquilibriumError(AiginiError):
    """Prices and screening did not reach a fixed point, an outcome is not finite, or a technology gives no output."""


class EstimationError(AiginiError):
    """An estimation problem cannot be posed (targets, weights or free parameters), or no start could be used."""


class AnalysisError(AiginiError):
    """An analysis cannot be carried out as asked, or its numbers cannot be trusted."""


class IdentificationError(AiginiError):
    """The moments do not identify the parameters (a direction of no effect), or a covariance cannot be inverted."""


class CheckpointError(AiginiError):
    """A checkpoint is damaged, missing, or belongs to another configuration."""


class OutputError(AiginiError):
    """The output folder cannot be written."""


class FolderInUseError(AiginiError):
    """Another process is writing in the run folder."""


class BackendError(AiginiError):
    """The platform that JAX was asked to compute on is not there."""


class DataError(AiginiError):
    """Data cannot be read as what they should be; the message names the file or table, row and column."""


class MissingExtraError(AiginiError):
    """A command needs packages that come with an extra of aigini and are not installed."""


def missing_extra(what: str, packages: str = "NumPyro and ArviZ", extra: str = "posterior") -> MissingExtraError:
    """The error about packages that are not installed.

    Args:
        what: The function that was asked for, as the sentence begins.
        packages: The packages, as a reader knows them.
        extra: The extra that brings them.
    """
    return MissingExtraError(
        f"{what} needs {packages}, which are not installed; install them with: pip install 'aigini[{extra}]'"
    )


def unknown_name(name: str, known: Sequence[str]) -> str:
    """The sentence about a name that does not exist, with the nearest one that does."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
    return f"there is nothing called {name}; {hint}"
