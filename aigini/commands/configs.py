"""`aigini configs` and `aigini init`: configurations that come with aigini, and one to start from."""

import re
import tomllib
from pathlib import Path

from aigini.config import examples
from aigini.config.load import again
from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.errors import OutputError
from aigini.parameters import SPECS

_SECTIONS = {"params": SPECS, "dynamics": DYNAMICS_SPECS}


def initial_configuration(run: Path | None = None) -> str:
    """A configuration as the text of a TOML file.

    Args:
        run: A run folder, whose resolved configuration it is; None for the baseline.

    Raises:
        OutputError: if the folder holds no configuration.
        ConfigError: if the configuration is not valid here.
    """
    if run is None:
        return examples.text("baseline")
    path = run / "config.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"--from {run}: has no readable config.toml ({error}); give the folder of a run.") from None
    text = again(content, str(path)).to_toml()
    return f"# The configuration of the run in {run}, every value of it.\n\n" + "\n".join(_commented(text)) + "\n"


def _commented(text: str) -> list[str]:
    """Lines of a TOML file, with the meaning of a parameter behind its value."""
    section, lines = "", []
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[(.+)\]", line):
            section = heading[1]
        name = line.partition(" = ")[0]
        spec = _SECTIONS.get(section, {}).get(name)
        lines.append(line if spec is None else f"{line:<32}# {spec.meaning}, {spec.interval()}")
    return lines


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        OutputError: if there is one, or it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(f"{path}: is there already, and left as it is; choose another name.") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}); choose another place.") from None
