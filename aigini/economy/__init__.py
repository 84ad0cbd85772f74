"""The economy: one module per mechanism, pure functions of parameters, draws and the AI level."""
