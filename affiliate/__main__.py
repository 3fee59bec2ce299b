"""`python -m affiliate` is the command `affiliate`."""

from affiliate.cli import main

main()
