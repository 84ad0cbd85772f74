"""The configurations that come with aigini: the baseline, and examples that change it."""

import importlib.resources
import re
from pathlib import Path

from aigini.errors import ConfigError, unknown_name


def packaged_folder() -> Path:
    """The folder of packaged configurations."""
    packaged = Path(str(importlib.resources.files("aigini"))) / "configs"
    return packaged if packaged.exists() else Path(__file__).resolve().parents[2] / "configs"


def baseline_path() -> Path:
    """The packaged baseline."""
    return packaged_folder() / "baseline.toml"


def names() -> list[str]:
    """Names of the configurations, the baseline first."""
    return sorted((path.stem for path in packaged_folder().glob("*.toml")), key=lambda name: (name != "baseline", name))


def text(name: str) -> str:
    """The file of a configuration.

    Raises:
        ConfigError: if there is none of this name.
    """
    if name not in names():
        raise ConfigError(f"configs: {unknown_name(name, names())}")
    return (packaged_folder() / f"{name}.toml").read_text(encoding="utf-8")


def purpose(name: str) -> str:
    """The first sentence of the comment that a configuration begins with."""
    comment = []
    for line in text(name).splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.removeprefix("#").strip())
    return re.split(r"(?<=[^.]\.) ", " ".join(comment), maxsplit=1)[0]


def resolve(path: Path) -> Path:
    """The file that a user means: `path`, or the packaged configuration of that name where there is no such file."""
    if path.exists() or path.suffix or path.parent != Path() or path.name not in names():
        return path
    return packaged_folder() / f"{path.name}.toml"
