"""A publisher's own wording."""
