"""Analyses of an estimated economy, grouped by the question that they answer."""
