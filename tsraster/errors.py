"""Every exception and warning that tsraster raises on purpose.

::

    TsrasterError
    ├── UsageError (ValueError)                 what was asked can never work, whatever the files hold
    │   └── UnknownNameError (LookupError)      no such color table, scheme, smoother, ...
    ├── ReadError (OSError)                     a source cannot be opened or read
    │   └── MissingSourceError (FileNotFoundError)
    ├── BandError (IndexError)                  the raster has no such band, or one must be chosen
    ├── DataError (ValueError)                  the pixels do not allow what was asked
    ├── TableError (ValueError)                 a class table or its file is wrong
    ├── LutError (ValueError)                   a color table is wrong, or covers too little
    │   └── LutFormatError                      the file of a color table is wrong; says path and line
    ├── WriteError (OSError)                    an output cannot be written
    │   └── DestinationExistsError (FileExistsError)
    └── MissingExtraError (ImportError)         an optional library is not installed

    TsrasterWarning (UserWarning)
    ├── LossWarning                             something of the source cannot be held by an output
    ├── LutWarning                              other programs read the file of a color table in another way
    ├── FewerClassesWarning                     a scheme made fewer classes than asked
    └── RoundedFitWarning                       a scheme was fitted to rounded values, within a bound that is said

Each says what was wrong, the value, what is accepted and what to do. The command line ends with 2 on a
`UsageError` and with 1 on any other.
"""


class TsrasterError(Exception):
    """Base of every error that tsraster raises on purpose."""


class UsageError(TsrasterError, ValueError):
    """What was asked can never work, whatever the files hold."""


class UnknownNameError(UsageError, LookupError):
    """A name is in no registry."""


class ReadError(TsrasterError, OSError):
    """A source cannot be opened or read."""


class MissingSourceError(ReadError, FileNotFoundError):
    """A source does not exist."""


class BandError(TsrasterError, IndexError):
    """The raster has no such band, or one must be chosen."""


class DataError(TsrasterError, ValueError):
    """The pixels do not allow what was asked."""


class TableError(TsrasterError, ValueError):
    """A class table or its file is wrong."""


class LutError(TsrasterError, ValueError):
    """A color table is wrong, or covers too little."""


class LutFormatError(LutError):
    """The file of a color table is wrong, or cannot be read.

    Attributes
    ----------
    path : str
        The file, as it was named.
    line : int or None
        Counted from 1; None where it is not one line that is wrong.
    """

    def __init__(self, problem: str, *, path: str = "", line: int | None = None) -> None:
        super().__init__(f"{path}{f', line {line}' if line else ''}: {problem}" if path else problem)
        self.path, self.line = path, line


class WriteError(TsrasterError, OSError):
    """An output cannot be written."""


class DestinationExistsError(WriteError, FileExistsError):
    """An output is there already and was not to be overwritten."""


class MissingExtraError(TsrasterError, ImportError):
    """An optional library is not installed."""


class TsrasterWarning(UserWarning):
    """Base of every warning that tsraster gives."""


class LossWarning(TsrasterWarning):
    """Something of the source cannot be held by an output."""


class LutWarning(TsrasterWarning):
    """Other programs read the file of a color table in another way."""


class FewerClassesWarning(TsrasterWarning):
    """A scheme made fewer classes than asked."""


class RoundedFitWarning(TsrasterWarning):
    """A scheme was fitted to rounded values, within a bound that is said."""
