"""What the networks say we earned: imported as append-only versions, attributed to placements, and undoable."""
