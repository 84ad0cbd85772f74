"""The six moments and the reported statistics, as functions of sums over agents."""
