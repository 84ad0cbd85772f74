"""Identification of the parameters by the moments, and of the sign of the effect on inequality."""
