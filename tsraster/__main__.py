"""``python -m tsraster``."""

from tsraster.cli import main

main()
