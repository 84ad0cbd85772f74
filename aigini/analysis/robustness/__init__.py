"""The findings of one economy, of every kind, so that variants of it can be compared."""
