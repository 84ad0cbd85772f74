"""Panels of workers, tasks and periods: their schema, simulated ones, and estimates from them.

pandas and pyarrow, of the extra ``panel``, are imported by what uses them and by nothing else.
"""

from aigini.panel.data import Panel, panel_of
from aigini.panel.schema import COLUMNS, ColumnSpec, data_dictionary

__all__ = ["COLUMNS", "ColumnSpec", "Panel", "data_dictionary", "panel_of"]
