"""Pages in a real Chromium: what a reader of a window sees of a text, measured."""
