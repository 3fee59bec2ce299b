"""Affiliate: carries a link from the editor's paste to the money in the bank, with the required disclosure beside it."""

__version__ = "0.1.0"
