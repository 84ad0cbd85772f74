"""Results in pandas and xarray: tables, distributions, and the files of a run.

    python experiments/tutorials/reading_results.py

Every result has `to_frame()`, `to_latex()` and `to_markdown()`; a run folder has the same in `tables/`, numbers in JSON
and arrays in NetCDF with named dimensions and units. A posterior's file opens with `arviz.from_netcdf`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas
import xarray
from small import SMALL

import aigini

result = aigini.simulate(None, **SMALL)
frame = result.to_frame().set_index("level")
print(frame.loc[["gini_total", "gini_wage", "labour_share"], ["before", "after", "change"]])
print(result.to_markdown())

with tempfile.TemporaryDirectory() as place:
    run = Path(place) / "run"
    settings = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    subprocess.run(
        [sys.executable, "-m", "aigini", "simulate", *settings, "--out", str(run)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    table = pandas.read_csv(run / "tables" / "simulate.csv").set_index("level")
    assert table.loc["gini_total", "before"] == frame.loc["gini_total", "before"]
    with xarray.open_dataset(run / "simulate.nc", engine="scipy") as arrays:
        print(arrays["after_income_by_source_and_group"])
    print(aigini.compare_runs(run, run))
