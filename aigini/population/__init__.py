"""Fixed common draws: who works where, with which ability, costs, signals and ownership."""

from aigini.population.population import Population, draw_population
from aigini.population.sharding import shard

__all__ = ["Population", "draw_population", "shard"]
