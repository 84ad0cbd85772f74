"""What the moments identify, and how far the sign of the effect on inequality is among it."""
