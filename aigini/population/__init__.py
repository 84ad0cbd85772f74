"""Fixed common draws: who works where, with which ability, costs, signals and ownership."""

from aigini.population.population import Population, draw_population

__all__ = ["Population", "draw_population"]
