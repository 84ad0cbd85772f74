"""A prior of one's own, and the posterior that follows from it.

    python experiments/tutorials/own_prior.py

Needs the extra `posterior`; `aigini params` shows the bounds of every parameter. With few draws, as here, the
diagnostics say that the posterior should not be used: that is what they are for.
"""

from small import SMALL

import aigini

# A posterior has a size of its own: without `posterior.n_workers` it takes as many workers as its accuracy needs.
SHORT = {
    "posterior.n_workers": 2048,
    "posterior.chains": 2,
    "posterior.warmup": 100,
    "posterior.draws": 100,
    "posterior.populations": 2,
}

# Workers get between a tenth and a half of quasi-rents, and nothing in that range is likelier than anything else.
belief = {"priors": {"xi": {"distribution": "uniform", "low": 0.1, "high": 0.5}}}
posterior = aigini.posterior(belief, **SMALL, **SHORT)
print(posterior)
