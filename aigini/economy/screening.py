"""Employer screening and the diagnostic variance V_D(A) (MODEL.md section 3).

Employers assess log h within each occupation from a work sample and a credential.

* AI floor inside the work sample relative to the human part: f_o (`aigini.economy.technology`).
* Diagnostic variance: V_D,o = Var(log(h + adoption f_o)), or Var(log(h + f_o)) for treated hiring; V_h,o = Var(log h).
* Precisions: prior π0 = 1/V_h, work sample π_s = V_D/(V_h σ_s²), credential π_c = 1/σ_c²; S = π0 + π_s + π_c;
  recognised share Ω = (π_s + π_c)/S; credential weight ω_c = π_c/S.
* Posterior mean of log h: [π0 μ_o + (π_s + π_c) log h + sqrt(π_s) u_s + sqrt(π_c) u_c]/S.
* Work-sample/assessment correlation: sqrt([V_D/(V_D + σ_s²)]/Ω).
* Value of the credential I = 1/(π0 + π_s) - 1/S; share of employers requiring it
  sigmoid((log I - log I_ref)/τ_I), I_ref being I before AI.

Variances are in squared log points; every array is per occupation.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.parameters import Parameters


class Screening(eqx.Module):
    """Precisions with which employers assess human capital; every field has shape ``[occupations]``.

    Attributes:
        log_human_variance: V_h.
        diagnostic_variance: V_D.
        prior: π0.
        sample: π_s.
        credential: π_c.
    """

    log_human_variance: Float[Array, "occupations"]
    diagnostic_variance: Float[Array, "occupations"]
    prior: Float[Array, "occupations"]
    sample: Float[Array, "occupations"]
    credential: Float[Array, "occupations"]

    @property
    def precision(self) -> Float[Array, "occupations"]:
        """S, posterior precision."""
        return self.prior + self.sample + self.credential

    @property
    def recognised(self) -> Float[Array, "occupations"]:
        """Ω, share of a gain in log human capital that assessments pass on."""
        return (self.sample + self.credential) / self.precision

    @property
    def credential_weight(self) -> Float[Array, "occupations"]:
        """ω_c, weight of the credential in the assessment."""
        return self.credential / self.precision

    @property
    def log_credential_value(self) -> Float[Array, "occupations"]:
        """Log of I, I = 1/(π0 + π_s) - 1/S: posterior variance the credential removes."""
        without = self.prior + self.sample
        # 1/a - 1/(a + c) = c / (a (a + c)), without the cancellation.
        return jnp.log(self.credential) - jnp.log(without) - jnp.log(self.precision)


def screening(params: Parameters, log_human_variance: Array, diagnostic_variance: Array) -> Screening:
    """Precisions of prior, work sample and credential, given V_h and V_D by occupation."""
    return Screening(
        log_human_variance=log_human_variance,
        diagnostic_variance=diagnostic_variance,
        prior=1 / log_human_variance,
        sample=diagnostic_variance / (log_human_variance * params.signal_noise_sd**2),
        credential=jnp.ones_like(log_human_variance) / params.credential_noise_sd**2,
    )


def signal_correlation(params: Parameters, treated: Screening) -> Float[Array, "occupations"]:
    """Correlation of the work sample with the assessment, given treated screening."""
    variance = treated.diagnostic_variance
    reliability = variance / (variance + params.signal_noise_sd**2)
    return jnp.sqrt(reliability / treated.recognised)


def credential_requirement(params: Parameters, now: Screening, before: Screening) -> Float[Array, "occupations"]:
    """Share of employers that require the credential; 1/2 before AI by construction."""
    gain = now.log_credential_value - before.log_credential_value
    return jax.nn.sigmoid(gain / params.requirement_smoothing)
