"""Replications per second of the study of panels, against a serial loop over diff-diff, measured in one run.

    python benchmarks/design.py

The loop fits group-time effects of one outcome of each panel, whose data frame is there already. The study draws each
panel from the economy and estimates every question by every estimator; a replication of
the loop that answers the same questions takes one fit for each of them.
"""

import json
import time
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pandas

from aigini.config import load
from aigini.economy.economy import Scenario
from aigini.panel.design.answers import ESTIMATORS, QUESTIONS
from aigini.panel.design.layout import layout_of
from aigini.panel.design.replications import replicate
from aigini.panel.design.sampler import SELECTED_ON
from aigini.panel.design.settings import DesignSettings
from aigini.panel.design.world import world_of
from aigini.panel.estimators import inference, weights
from aigini.runtime import random_keys
from aigini.runtime.precision import pinned_settings

_PANELS = 500
_LOOP = 20


def main() -> None:
    """Measure and print both rates."""
    from diff_diff import CallawaySantAnna

    settings = DesignSettings()
    layout = layout_of(settings.size, settings.occupations, settings.cohorts, settings.assumed["never_share"])
    with pinned_settings():
        world = world_of(load(None).params, Scenario(), settings.occupations)
        given = {**settings.assumed, **dict.fromkeys((*SELECTED_ON, "user_gain"), 0.0)}
        numbers = {name: jnp.asarray(float(value)) for name, value in given.items()}
        words = jax.random.key_data(random_keys.key(0))
        panels = np.arange(_PANELS, dtype=np.uint32)
        np.asarray(replicate(words, panels, world, numbers, layout))  # compiles
        start = time.perf_counter()
        np.asarray(replicate(words, panels + _PANELS, world, numbers, layout))
        study = _PANELS / (time.perf_counter() - start)
    firms, periods = len(layout.first), settings.size.periods
    outcomes = np.random.default_rng(0).normal(size=(_LOOP, firms, periods))
    first = np.where(layout.first < periods, layout.first + 1, 0)
    frame = pandas.DataFrame(
        {
            "unit": np.repeat(np.arange(firms), periods),
            "time": np.tile(np.arange(periods) + 1, firms),
            "first": np.repeat(first, periods),
        }
    )
    frames = [frame.assign(y=one.ravel()) for one in outcomes]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        fits = [
            CallawaySantAnna(base_period="universal", estimation_method="reg").fit(one, "y", "unit", "time", "first")
            for one in frames
        ]
        loop = _LOOP / (time.perf_counter() - start)
    start = time.perf_counter()
    own = inference.estimate(layout.cohorts, weights.callaway_santanna(layout.cohorts), outcomes)
    estimation = _LOOP / (time.perf_counter() - start)
    np.testing.assert_allclose(own.effect[:, 0], [one.overall_att for one in fits], rtol=1e-9)
    print(
        json.dumps(
            {
                "panels_per_second": study,
                "estimates_of_a_panel": len(QUESTIONS) * (len(ESTIMATORS) - 1),
                "diff_diff_fits_per_second": loop,
                "ratio_to_one_fit_of_one_question": study / loop,
                "ratio_to_one_fit_of_every_question": study / loop * len(QUESTIONS),
                "ratio_of_estimation_alone": estimation / loop,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
