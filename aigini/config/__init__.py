"""Configuration files: the border between what users write and the typed, valid values inside."""

from aigini.config.load import Config, baseline_path, load, parse_overrides

__all__ = ["Config", "baseline_path", "load", "parse_overrides"]
