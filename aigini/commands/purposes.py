"""Every command that computes, in the order of ``aigini --help``, and what it is for.

This module imports nothing, so that the help is there at once.
"""

PURPOSES = {
    "simulate": (
        "Simulate the economy before and after AI, or at the estimates of an earlier run; write simulate.json."
    ),
    "calibrate": (
        "Estimate the free parameters by simulated moments; write calibration.json and figures.\n\n"
        "Exit code 3: results are written, but the estimates should not be used as they are, and the reason is"
        " printed."
    ),
    "reproduce": (
        "The main job: simulate, calibrate, simulate at the estimates, draw figures, write one run folder.\n\n"
        "Exit code 3: results are written, but the estimates should not be used as they are, and the reason is"
        " printed."
    ),
    "sensitivity": (
        "What the moments identify, and what inequality depends on, by exact Jacobians; write sensitivity.json."
    ),
    "sign": "Whether the other moments identify the sign of the change of the Gini; write sign.json.",
    "regimes": (
        "Where AI equalises and where it concentrates, with the boundary between them, or where any other outcome"
        " is zero; write regimes.json."
    ),
    "channels": "Which channels move inequality: an exact Shapley decomposition; write channels.json.",
    "policy": "What levers do to inequality and output; write policy.json.",
    "robustness": (
        "Variants of the economy and of the targets, each estimated again and analysed, in one table; write"
        " robustness.json and robustness.csv."
    ),
    "dynamics": (
        "The economy year by year, its regimes in the long run and the boundary between them; write dynamics.json."
    ),
    "posterior": (
        "Sample what is believed about parameters and inequality; write posterior.json, posterior.nc and figures."
    ),
    "beliefs": ("Probability that inequality rises under other priors and other beliefs about m6; write beliefs.json."),
    "oews": (
        "Regress published occupation wages (BLS OEWS) on exposure to AI, and surveys of simulated occupations"
        " likewise; write oews.json, oews_surveys.json, CSV and tables."
    ),
    "panel": (
        "Simulate a panel of workers, tasks and periods from the economy; write it part by part, with its schema"
        " and data dictionary."
    ),
    "moments": (
        "Estimate moments from a panel with their joint covariance; write moments.json, and targets.toml for"
        " aigini calibrate."
    ),
    "explore": (
        "An interactive page about the economy around its estimates, --out FILE.html, or runs/explore.html; write"
        " explore.json into the folder beside it."
    ),
    "design": (
        "What panels of workers, tasks and periods can tell about the hypotheses, and how large they must be:"
        " bias, power, coverage and errors of sign and size of estimators; write design.json and design.csv."
    ),
    "bench": (
        "Time and memory of moments, gradient and Jacobian on this machine as workers grow in number; write bench.json."
    ),
}
