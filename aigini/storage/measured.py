"""Measurements of `aigini bench` on disk."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigini.bench.scaling import TASKS, Scaling
from aigini.errors import OutputError
from aigini.storage.folder import SCHEMA, write_json


def save_scaling(folder: Path, result: Scaling, run: Mapping[str, Any]) -> Path:
    """Write ``bench.json``: cells, bandwidth in bytes per second, exponents, ratios, and how they came about."""
    return write_json(
        folder / "bench.json",
        {
            "schema": SCHEMA,
            "device": result.device,
            "bandwidth": result.bandwidth,
            "cells": [
                {**dataclasses.asdict(cell), "median": cell.median, "workers_per_second": 1e9 / cell.per_worker}
                for cell in result.cells
            ],
            "exponents": {task: result.exponent(task) for task in TASKS},
            "ratios": result.ratios(),
            "run": run,
        },
    )


def load_ratios(path: Path) -> dict[str, float]:
    """Ratios of an earlier ``bench.json``.

    Raises:
        OutputError: if the file is missing or holds none.
    """
    try:
        ratios = json.loads(path.read_text(encoding="utf-8"))["ratios"]
        numbers = {str(name): float(value) for name, value in ratios.items() if value is not None}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise OutputError(f"--check {path}: no ratios can be read from it ({error}); give a bench.json.") from None
    if not numbers:
        raise OutputError(f"--check {path}: holds no ratios; give a bench.json of two sizes or two tasks at least.")
    return numbers
