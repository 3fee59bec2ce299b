"""Nodes: the machines that answer readers, and how each of them stands."""
