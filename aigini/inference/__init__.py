"""Inference on minimum-distance estimates: functions of matrices, for any model.

An estimate θ̂ minimises (m(θ) - m̂)' W (m(θ) - m̂). Every module takes the same matrices:

- J, ``[q, p]``: derivatives of the q simulated moments m in the p parameters θ, at the estimate;
- W, ``[q, q]``: weighting matrix, symmetric positive semidefinite;
- S, ``[q, q]``: covariance of the target moments m̂, or only their standard errors ``[q]``;
- Λ = (J'WJ)⁻¹ J'W, ``[p, q]``: the influence of the targets, dθ̂/dm̂. Λ times a small change of the targets is the
  change of the estimate.

An argument of the wrong shape, or with values that are not finite, is a `ValueError`. Matrices that are in order but
leave an answer undetermined are an `aigini.errors.IdentificationError`. No result is ever NaN.
"""
