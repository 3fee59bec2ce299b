"""How files and answers are read: their format, their records, and what each row says in our words."""
