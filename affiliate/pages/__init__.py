"""What reads HTML: the parser and its limits. Knows no database and no network."""
