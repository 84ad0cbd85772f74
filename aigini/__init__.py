"""aigini: a differentiable simulator of how generative AI moves inequality.

The verbs `simulate`, `calibrate` and `reproduce`, and the analyses `sensitivity`, `sign`, `regimes`, `channels`,
`policy` and `robustness`, take a configuration and return typed results. Underneath them,
`six_moments` is a pure function of (parameters, population, scenario) that can be jitted, vmapped and differentiated.
"""

import os
import sys
import types

import lazy_loader

from aigini.runtime import interruption

interruption.guard_start()

# On CPU jaxlib logs an error for every program it reads back from its own compilation cache (openxla/xla#44565), fifty
# in a second run of a command. Real failures are exceptions. This must come before jax is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


class _Package(types.ModuleType):
    """A package in which a function stays public although there is a subpackage of its name."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in ("explore", "report") and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

# Public names are those of the stub beside this file, each imported when it is first asked for: JAX is slow to import,
# and the help of the command needs none of it.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
