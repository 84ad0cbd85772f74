"""Studies of panels: their bias, power and coverage, and the smallest panel that answers a question."""
