"""`tsraster colorize`."""

import click


@click.command()
def colorize() -> None:
    """To come."""
