"""Measures of inequality and dispersion, of samples, of histograms and of sums."""
