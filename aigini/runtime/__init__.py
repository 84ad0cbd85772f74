"""What surrounds a computation: precision, random keys, memory, the backend, kept programs, signals, the terminal."""
