"""Costs of the simulator on this machine: time and memory, by the number of workers."""
