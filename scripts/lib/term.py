"""Colours for a terminal, and none for a pipe, a file, NO_COLOR or TERM=dumb."""
import os
import re
import shutil
import unicodedata

CODES = re.compile(r"\x1b\[[0-9;]*m")


class Paint:
    def __init__(self, stream):
        self.on = stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self.width = min(shutil.get_terminal_size((100, 24)).columns, 132) if stream.isatty() else 100

    def _wrap(self, code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text

    def bold(self, text): return self._wrap("1", text)
    def dim(self, text): return self._wrap("2", text)
    def red(self, text): return self._wrap("31", text)
    def green(self, text): return self._wrap("32", text)
    def yellow(self, text): return self._wrap("33", text)
    def cyan(self, text): return self._wrap("36", text)

    @staticmethod
    def plain(text):
        return CODES.sub("", text)

    def length(self, text):
        return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in self.plain(text))

    def fit(self, text, width):
        """Plain text, cut to `width` with an ellipsis, padded to it."""
        text = text if len(text) <= width else text[:max(0, width - 1)] + "…"
        return text + " " * (width - self.length(text))
