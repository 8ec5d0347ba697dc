"""`python -m renkei`."""

from renkei.cli import main

main()
