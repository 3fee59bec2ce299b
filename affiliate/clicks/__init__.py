"""Clicks: from the journal into the store exactly once, each with its class, and the roll-ups that reports read."""
