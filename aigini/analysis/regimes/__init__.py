"""Where in the parameter space AI equalises and where it concentrates income, and how far the boundary is."""
