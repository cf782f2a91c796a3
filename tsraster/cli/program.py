"""The program `tsraster`: its commands, and the one place where errors become exit codes.

Exit codes: 0 done; 1 the input or the work failed; 2 wrong usage.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from importlib import import_module
from types import FrameType
from typing import NoReturn, TextIO

import click

from tsraster import __version__
from tsraster.errors import TsrasterError, TsrasterWarning, UsageError

COMMANDS = {
    "demo": "Draw small samples and run the main jobs on them.",
    "info": "Say what a raster is: size, bands, place, statistics.",
    "histogram": "Count the values of a raster.",
    "classify": "Give pixels classes and colors.",
    "colorize": "Paint a class map.",
}
"""Each is a module of its own in this package, and is imported when it is called: help must not wait for libraries."""


class Commands(click.Group):
    """The commands above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"tsraster.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="tsraster")
def program() -> None:
    """Classify rasters: satellite bands, thin sections, scanned maps and CT slices.

    Pixels are read, prepared, given classes, given colors, and written; where they lie is kept. Begin with: tsraster demo
    """


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    signal.signal(signal.SIGTERM, _stop)
    warnings.showwarning = _show_warning
    # What GDAL has to say is in the sentence of the error.
    logging.getLogger("rasterio").addHandler(logging.NullHandler())
    code = _run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        # All files are closed; to take libraries apart piece by piece would only cost time.
        os._exit(code)


def _run() -> int:
    try:
        program(standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except UsageError as error:
        return _say(error, 2)
    except TsrasterError as error:
        return _say(error, 1)
    except (click.Abort, KeyboardInterrupt):
        return _say("stopped; no output was written or changed", 1)
    except BrokenPipeError:
        # The reader of our output has gone; keep Python from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        return _say("there is not enough memory", 1)
    return 0


def _say(error: object, code: int) -> int:
    click.echo(f"Error: {error}", err=True)
    return code


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, TsrasterWarning):
        click.echo(f"Note: {message}", err=True)
