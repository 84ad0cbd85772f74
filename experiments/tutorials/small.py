"""The size of the tutorials: small enough for a run in a minute, and too small for numbers to be used.

Leave `SMALL` out of a call and the numbers are those of a full population.
"""

from typing import Any

SMALL: dict[str, Any] = {
    "population.n_workers": 4096,
    "population.n_firms": 100,
    "calibration.starts": 0,
    "calibration.replications": 0,
}
