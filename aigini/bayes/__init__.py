"""Bayesian estimation: the posterior of parameters, of the rent share and of the change of inequality."""
