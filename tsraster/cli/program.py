"""The program `tsraster`: its commands, and the one place where errors become exit codes.

Exit codes: 0 done; 1 the input or the work failed; 2 wrong usage.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from types import FrameType
from typing import NoReturn, TextIO

import click

from tsraster import __version__
from tsraster.cli.classify import classify
from tsraster.cli.colorize import colorize
from tsraster.cli.demo import demo
from tsraster.cli.histogram import histogram
from tsraster.cli.info import info
from tsraster.errors import TsrasterError, TsrasterWarning, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="tsraster")
def program() -> None:
    """Classify rasters: satellite bands, thin sections, scanned maps and CT slices.

    Pixels are read, prepared, given classes, given colors, and written; where they lie is kept. Begin with: tsraster demo
    """


for _command in (demo, info, histogram, classify, colorize):
    program.add_command(_command)


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    signal.signal(signal.SIGTERM, _stop)
    warnings.showwarning = _show_warning
    # What GDAL has to say is in the sentence of the error.
    logging.getLogger("rasterio").addHandler(logging.NullHandler())
    sys.exit(_run())


def _run() -> int:
    try:
        program(standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return 2
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
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None, line: str | None = None
) -> None:
    if issubclass(category, TsrasterWarning):
        click.echo(f"Note: {message}", err=True)
