"""The reader's hop: look up, journal, answer. Knows neither Flask nor the database.

This room owns two formats: the node-local link table (`table`) and the click journal (`journal`).
"""
