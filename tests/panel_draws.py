"""Panels that the study of designs draws, as tables of workers, tasks and periods."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas

from aigini.panel.design.sampler import SELECTED_ON, draw_panel, draws_of
from aigini.panel.design.settings import ASSUMED
from aigini.runtime import random_keys


def numbers(**changes):
    given = {
        **{name: one.default for name, one in ASSUMED.items()},
        **dict.fromkeys(SELECTED_ON, 0.0),
        "user_gain": 0.0,
        **changes,
    }
    return {name: jnp.asarray(float(value)) for name, value in given.items()}


def drawn(seed, world, layout, **changes):
    with random_keys.pinned():
        own = numbers(**changes)
        return jax.device_get(
            draw_panel(draws_of(jax.random.fold_in(random_keys.key(seed), 0), layout), world, own, layout)
        )


def table(panel, structure=None, rent_share=None):
    """The rows of a drawn panel, in the schema of `aigini.panel`."""
    shape = panel.log_output.shape
    firm, period, office, worker, task = np.indices(shape)

    def spread(values, *axes):
        values = np.asarray(values)
        for axis in range(5):
            if axis not in axes:
                values = np.expand_dims(values, axis)
        return np.broadcast_to(values, shape).ravel()

    columns = {
        "worker": (firm * shape[2] + office) * shape[3] + worker,
        "firm": firm,
        "occupation": office,
        "task": office * shape[4] + task,
        "period": period,
    }
    columns = {name: values.ravel() for name, values in columns.items()}
    use = np.asarray(panel.adopted)[:, :, None, None] * np.asarray(panel.use)[:, None]
    columns |= {
        "ai_use": spread(use, 0, 1, 2, 3),
        "output": np.exp(np.asarray(panel.log_output)).ravel(),
        "ability_proxy": spread(panel.ability_proxy, 0, 2, 3),
        "schooling": spread(panel.schooling, 0, 1, 2, 3),
        "credential_required": spread(panel.required, 0, 1, 2),
        "work_sample": spread(panel.work_sample, 0, 1, 2, 3),
        "wage": spread(np.exp(panel.log_wage), 0, 1, 2, 3),
        "firm_assets": spread(np.exp(panel.log_assets), 0, 1),
    }
    if structure is not None:
        columns["ai_structure"] = spread(np.asarray(structure, object), 0)
    if rent_share is not None:
        columns["rent_share"] = spread(np.asarray(rent_share, float), 0)
    return pandas.DataFrame(columns)
