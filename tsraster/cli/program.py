"""The program `tsraster`: its commands, and the one place where errors become exit codes.

Exit codes: 0 done; 1 the input or the work failed; 2 wrong usage.
"""

from __future__ import annotations

import errno
import gc
import io
import logging
import os
import signal
import sys
import threading
import warnings
from contextlib import suppress
from importlib import import_module
from typing import NoReturn, TextIO

import click

from tsraster import __version__
from tsraster.errors import TsrasterError, TsrasterWarning, UsageError
from tsraster.registry import suggestion

COMMANDS = {
    "demo": "Draw small samples and run the main jobs on them.",
    "info": "Say what a raster is: size, bands, place, statistics.",
    "inspect": "Say what is at a place of a raster.",
    "histogram": "Count the values of a raster.",
    "breaks": "Fit classes by a scheme, or compare schemes.",
    "classify": "Give pixels classes and colors.",
    "cluster": "Find classes of several bands without labels.",
    "reclassify": "Give classes new codes and names.",
    "colorize": "Paint a class map.",
    "labels": "Make label images of many pictures, for training.",
    "porosity": "Measure the blue dye of thin sections.",
    "pointcount": "Count points on a class map, with their errors.",
    "accuracy": "Compare a class map with a reference.",
    "stack": "Make one raster of the bands of several.",
    "train": "Train a model by labeled pixels.",
    "predict": "Classify pictures by a trained model.",
    "objects": "Measure grains or pores: the objects of a class.",
    "pores": "Measure the pores of a volume in three dimensions.",
    "invert": "Turn a colored picture back into data.",
    "points": "Thin a field to the points that carry it.",
    "legend": "Draw the legend of a color table or class map.",
    "view": "Show rasters in a browser: cutoffs, labels, training.",
    "lut": "List, show, convert and check color tables.",
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
            ctx.fail(f"no command {cmd_name!r}; {suggestion(cmd_name, list(COMMANDS))}")
        # What modules are made of stays; to look through it for garbage again and again would only take time.
        gc.disable()
        command: click.Command = getattr(import_module(f"tsraster.cli.{cmd_name}"), cmd_name)
        gc.freeze()
        gc.enable()
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
    _listen_to_signals()
    _mute_libraries()
    # Nothing here multiplies matrices, and the threads that OpenBLAS starts beside numpy keep a processor busy for a while.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    warnings.showwarning = _show_warning
    # Threads that filter warnings for themselves undo what others have filtered; this one is said by nobody.
    warnings.filterwarnings("ignore", message="Dataset has no geotransform")
    # What GDAL has to say is in the sentence of the error.
    logging.getLogger("rasterio").addHandler(logging.NullHandler())
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal cannot show must not stop a job that has done its work.
        sys.stdout.reconfigure(errors="backslashreplace")
    _end(_run())


def _mute_libraries() -> None:
    """Keep libtiff and others from printing on stderr by themselves; what they have to say is in the sentence of an error."""
    try:
        ours = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
    except OSError:  # there is no stderr
        return
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = open(ours, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")  # noqa: SIM115


def _end(code: int) -> NoReturn:
    """Leave at once: all files are closed, and to take libraries apart piece by piece would only cost time."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        code = 1
        if error.errno != errno.EPIPE:
            _say(_describe_os_error(error), 1)
    finally:
        os._exit(code)


def _run() -> int:
    try:
        code = program(standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        return _say_as_click(error)
    except UsageError as error:
        return _say(error, 2)
    except TsrasterError as error:
        return _say(error, 1)
    except (click.Abort, KeyboardInterrupt):
        return _say(_STOPPED, 1)
    except SystemExit:  # by click, when the reader of our output has gone
        return 1
    except OSError as error:
        return _say(_describe_os_error(error), 1)
    except MemoryError:
        return _say("there is not enough memory", 1)


def _say_as_click(error: click.ClickException) -> int:
    """Say in one sentence what click would say in five lines; without any word on the command line, help."""
    command = getattr(error, "ctx", None)
    if command is None or isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
        error.show()
        return error.exit_code
    return _say(f"{error.format_message().rstrip('.?')}; see {command.command_path} --help", error.exit_code)


def _describe_os_error(error: OSError) -> str:
    return f"{error.filename or 'what is printed'} cannot be written or read ({error.strerror})"


_STOPPED = "stopped; every output is whole, or as it was before"

_ends_quietly = threading.Event()
"""Set where a signal is the ordinary end of a command."""

_speaking = threading.RLock()
"""Held by the thread that has the last word."""


def _listen_to_signals() -> None:
    """Let a thread of its own wait for signals: the others may be in a library, which lets none through for minutes."""
    if not hasattr(signal, "sigwait"):  # as on Windows, where Ctrl-C is a KeyboardInterrupt
        return
    # nohup, and shells for what runs in the background, ask to be left alone.
    numbers = {n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) != signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    threading.Thread(target=_wait_for_signal, args=[numbers], daemon=True).start()


def end_quietly() -> None:
    """Take the next signal for the ordinary end of the command, which then has done its work."""
    _ends_quietly.set()


def _wait_for_signal(numbers: set[signal.Signals]) -> None:
    signal.sigwait(numbers)
    _speaking.acquire()
    code = 0 if _ends_quietly.is_set() else 1
    try:
        writing = sys.modules.get("tsraster.writing")
        if writing is not None:
            writing.discard_staged(for_good=True)
        if sys.stderr.isatty():
            # The progress bar has hidden the cursor, and stands where the sentence is to stand.
            click.echo("\033[?25h", err=True)
        if code:
            _say(_STOPPED, code)
    finally:
        os._exit(code)


def _say(error: object, code: int) -> int:
    _speaking.acquire()  # and never released: it is the last word
    with suppress(OSError):
        click.echo(f"Error: {error}".replace("\n", " "), err=True)
    return code


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
