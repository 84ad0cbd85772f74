"""What the simulator costs on this machine: time, memory, and how both grow with the number of workers."""
