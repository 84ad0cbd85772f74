"""Simulation-based calibration of the baseline posterior at a small population; writes sbc.json and sbc.png.

    python experiments/sbc.py --out experiments/sbc [--replications 128] [--resume]

The estimator is the one of `aigini posterior`: its model, priors and sampler. The population is small, so that 128
posteriors fit into an hour on two cores: calibration is about the sampler and the model, which targets simulated from
the same population test whatever its size.
"""

import argparse
import dataclasses
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from aigini.bayes.model import build
from aigini.bayes.sbc import Calibrated, calibrate
from aigini.commands.posterior_problem import posterior_likelihood, posterior_simulator
from aigini.config import load
from aigini.figures import style
from aigini.runtime.evaluations import block, kept_in
from aigini.runtime.memory import side_by_side
from aigini.runtime.progress import watched
from aigini.storage import folder
from aigini.storage.ledger import Ledger

SMALL = {"population.n_workers": 2048, "population.n_firms": 100, "posterior.warmup": 100, "posterior.draws": 160}
BINS = 16


def draw(found: Calibrated, place: Path) -> None:
    """Rank histograms with the 95 % band of uniform ranks."""
    columns = 4
    rows = -(-len(found.names) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(style.WIDE[0], 2.0 * rows), sharey=True, layout="constrained")
    count = len(found.ranks)
    rng = np.random.default_rng(0)
    uniform = rng.multinomial(count, np.full(BINS, 1 / BINS), size=20_000)
    low, high = np.quantile(uniform, (0.025, 0.975))
    for axis, name, ranks in zip(axes.flat, found.names, found.ranks.T, strict=False):
        axis.axhspan(low, high, color="0.88", lw=0)
        axis.axhline(count / BINS, color="0.4", lw=0.8)
        axis.hist(ranks / (found.draws + 1), bins=BINS, range=(0, 1), histtype="step", color="black", lw=1.2)
        axis.set_title(f"{name}  p = {found.uniformity()[name]:.2f}", fontsize=8)
        axis.set_xlabel("rank of the truth")
    for axis in list(axes.flat)[len(found.names) :]:
        axis.set_axis_off()
    axes.flat[0].set_ylabel("posteriors")
    figure.suptitle(f"{count} posteriors of simulated targets; grey: 95 % of uniform counts", fontsize=9)
    figure.savefig(place / "sbc.png", dpi=200)
    plt.close(figure)


def read(place: Path) -> Calibrated:
    """The result in sbc.json."""
    found = json.loads((place / "sbc.json").read_text(encoding="utf-8"))
    return Calibrated(
        names=tuple(found["names"]),
        ranks=np.array(found["ranks"]),
        draws=found["draws"],
        divergences=np.array(found["divergences"]),
        impossible=found["impossible_prior_draws"],
    )


def main() -> None:
    """Run the experiment."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("experiments/sbc"))
    parser.add_argument("--replications", type=int, default=128)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--figure", action="store_true", help="draw sbc.png from sbc.json again, nothing else")
    asked = parser.parse_args()
    if asked.figure:
        draw(read(asked.out), asked.out)
        return
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_num_cpu_devices", 16)  # a posterior need not wait for the longer trajectories of others
    config = load(None, SMALL)
    place = folder.prepare(asked.out)
    clock = time.perf_counter()

    def watch(part: str, done: int, total: int) -> None:
        print(f"{time.perf_counter() - clock:8.1f} s  {part}: {done} of {total}", flush=True)

    ledger = Ledger(place, config, f"sbc {asked.replications}", resume=asked.resume)
    population = config.draw()
    model = build(posterior_simulator(config, population), posterior_likelihood(config), config.posterior.priors)
    settings = dataclasses.replace(config.posterior.nuts, max_tree_depth=5)
    with kept_in(ledger), watched(watch):
        together = block("chains that fit", lambda: side_by_side(population.bytes_of_gradient, asked.replications))
        found = calibrate(model, asked.replications, settings, together=together)
    print(found)
    run = folder.record(config, {"sbc": time.perf_counter() - clock})
    folder.write_json(
        place / "sbc.json",
        {
            "names": found.names,
            "ranks": found.ranks,
            "draws": found.draws,
            "divergences": found.divergences,
            "impossible_prior_draws": found.impossible,
            "uniformity_p": found.uniformity(),
            "coverage": found.coverage(),
            "passed": found.passed,
            "run": run,
        },
    )
    draw(found, place)
    ledger.clear()


if __name__ == "__main__":
    main()
