"""Statistics of the simulated economy: moments, outcomes, and the measures that they are made of."""
