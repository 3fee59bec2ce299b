"""A page as its readers meet it: its tree, its texts and labels, its paid links, and what of it is seen."""
