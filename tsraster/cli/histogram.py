"""`tsraster histogram`."""

import click


@click.command()
def histogram() -> None:
    """To come."""
