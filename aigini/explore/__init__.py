"""The explorer: a surrogate of the economy in a few sliders, its measured errors, and the page that evaluates it."""
