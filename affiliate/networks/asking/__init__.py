"""How networks' APIs are asked: windows, pages, patience, and credentials from files."""
