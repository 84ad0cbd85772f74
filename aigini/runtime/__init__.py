"""Services around a computation: precision, random keys, memory, backend, compilation cache, signals, the terminal."""
