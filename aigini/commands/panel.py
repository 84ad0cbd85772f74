"""`aigini panel`: a simulated panel of workers, tasks and periods."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigini.commands.command import Command, Notify, ResultFile, Run, shown
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import Source, SourceLike, as_source
from aigini.panel import files
from aigini.panel.data import Panel
from aigini.panel.frames import pandas, pyarrow
from aigini.panel.generator import Generator, generator
from aigini.panel.result import PanelFiles, panel_files
from aigini.panel.schema import COLUMNS, data_dictionary
from aigini.parameters import Parameters
from aigini.runtime.precision import with_x64
from aigini.runtime.progress import watched
from aigini.storage import folder
from aigini.storage.environment import arithmetic


@with_x64
def simulate_panel(
    config: SourceLike = None,
    out: str | Path = "runs/panel",
    *,
    resume: bool = False,
    notify: Notify = lambda _: None,
    **overrides: Any,
) -> PanelFiles:
    """Simulate a panel of workers, tasks and periods from the economy, and write it part by part.

    Args:
        config: Configuration, path of one, or None for the baseline; or a calibration, for the economy at its
            estimates. The panel is that of its section [panel].
        out: Folder in which a folder ``panel`` of parts, ``schema.json`` and ``dictionary.csv`` are written.
        resume: True to go on with the finished parts of an interrupted panel.
        notify: Shows a line of progress.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        CheckpointError: if the parts to go on with are those of another panel.
        OutputError: if a file cannot be written.
        MissingExtraError: if pandas or pyarrow is not installed.
    """
    require_panel_extra()
    source = as_source(config, overrides)
    target = Path(out)
    folder.prepare(target)
    panel = panel_generator(source)
    # Each part is a function of this text; the size of a part is in it, because a part is one block.
    request = repr((source.config.digest, panel.settings, panel.states[0].parameters.as_dict(), arithmetic()))
    parts = files.write_parts(target / files.FOLDER, panel, request, resume=resume, notify=notify)
    folder.write_json(target / "schema.json", schema_file())
    folder.write_text(target / "dictionary.csv", data_dictionary().written("csv"))
    return panel_files(panel, parts)


def panel_generator(source: Source) -> Generator:
    """The panel of a configuration, at the estimates where there are some."""
    values = source.config.params.as_dict() if source.estimates is None else source.estimates.params
    return generator(Parameters(**values), source.config.scenario, source.config.panel)


def read_panel(path: str | Path, mapping: Mapping[str, str] | str | Path | None = None) -> Panel:
    """Read a real or simulated panel, and check it against the schema.

    Args:
        path: A ``.csv`` or ``.parquet`` file, a folder of them, or the run folder of a simulated panel.
        mapping: Name of the column in the files by name in the schema, where they differ; or the path of a TOML file
            with them in a table [columns].

    Raises:
        DataError: listing every mistake.
        MissingExtraError: if pandas or pyarrow is not installed.
    """
    names = files.read_mapping(Path(mapping)) if isinstance(mapping, (str, Path)) else mapping
    return files.read_panel(Path(path), names)


def schema_file() -> dict[str, Any]:
    """The schema of panels as the content of a JSON file."""
    return {"columns": {name: {**dataclasses.asdict(spec), "allowed": spec.allowed} for name, spec in COLUMNS.items()}}


def require_panel_extra() -> None:
    """Refuse to begin without the packages of the extra ``panel``.

    Raises:
        MissingExtraError: if one is not installed.
    """
    pandas()
    pyarrow()


def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    clock = time.perf_counter()
    with watched(shown(run.notify)):
        result = command.compute(run.source, run.folder, resume=run.resume, notify=run.notify)
    run.write([(command.files[0], result)], {command.name: time.perf_counter() - clock})
    run.show(result, command.files)
    run.notify(f"written: {run.folder / 'panel'}, schema.json, dictionary.csv and panel.json")
    return 0


PANEL = Command(
    "panel",
    PURPOSES["panel"],
    simulate_panel,
    PanelFiles,
    resume=lambda target: files.parts_in(target) > 0,
    needs=(),
    files=(ResultFile("panel", PanelFiles),),
    prepare=require_panel_extra,
    run=_run,
)
