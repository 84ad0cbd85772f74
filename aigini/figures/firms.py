"""Distance of simulated firms from the mean field, by their number."""

import numpy as np
from matplotlib.figure import Figure

from aigini.dynamics.firm_simulation import FirmConvergence
from aigini.figures.style import FALL, INK, SINGLE, new_figure, styled


@styled
def firm_convergence(result: FirmConvergence) -> Figure:
    """Root mean square distance of V against the number of firms, with the slope that is expected."""
    figure = new_figure("Simulated firms approach the mean field", SINGLE)
    axis = figure.subplots()
    sizes = np.array(result.n_firms, float)
    middle = float(np.exp(np.mean(np.log(result.rms) + 0.5 * np.log(sizes))))
    axis.plot(sizes, middle * sizes**-0.5, color=INK, linewidth=1.4, linestyle=(0, (4, 3)), label="slope -1/2")
    words = f"simulated, slope {result.rate:.3f} ± {result.rate_se:.3f}"
    axis.plot(sizes, result.rms, color=FALL, marker="o", markersize=8, linewidth=2.2, label=words)
    axis.set(xscale="log", yscale="log", xlabel="firms", ylabel="r.m.s. distance of V from the mean field")
    axis.legend(loc="upper right")
    return figure
