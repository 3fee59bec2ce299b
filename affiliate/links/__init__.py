"""Links and what they stand on: sites, publisher accounts, programmes, products; publishing to the link table."""
