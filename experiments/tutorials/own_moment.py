"""A moment of one's own as a target, and its exact derivatives.

    python experiments/tutorials/own_moment.py

A moment is a function of sums over workers. Registered, it can be a target of every command, and every analysis reports
it; its Jacobian is exact, as those of aigini's own.
"""

from small import SMALL

import aigini
from aigini.statistics.worker_sums import TOTAL_INCOME


def top5(at):
    """The income share of the richest 5 % of workers."""
    return at[TOTAL_INCOME].top_share(0.05)


aigini.register_moment(
    aigini.Moment("tutorial_top5", "income share of the richest 5 %", "share, 0 to 1", top5, (TOTAL_INCOME,))
)
target = {"value": 0.004, "se": 0.005, "source": "an example", "seen": "J"}
free = ["alpha", "beta", "signal_exposure", "cumulative_advantage", "eta1"]
result = aigini.calibrate(None, **SMALL, **{"targets.tutorial_top5": target, "calibration.free": free})
print(result)
row = list(result.targets).index("tutorial_top5")
for name, slope in zip(result.free, result.jacobian[row], strict=True):
    print(f"d tutorial_top5 / d {name} = {slope:+.5f}")
