"""`tsraster info`."""

import click


@click.command()
def info() -> None:
    """To come."""
