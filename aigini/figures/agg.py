"""Matplotlib, imported even where MPLBACKEND names a backend that is not installed here.

Figures are drawn into files and need none, but matplotlib refuses to be imported then. A Jupyter kernel sets it for
every program that is started from its shell.
"""

import os

try:
    import matplotlib
except ValueError:
    _backend = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
    finally:
        if _backend is not None:
            os.environ["MPLBACKEND"] = _backend

__all__ = ["matplotlib"]
