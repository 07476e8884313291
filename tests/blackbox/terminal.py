"""A person at a terminal, as the program sees one: a pseudo-terminal that it is started on."""
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time

from harness import PROGRAM, clean_environment

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x07")
CTRL_C, CTRL_D, TAB, ENTER = "\x03", "\x04", "\t", "\r"


class Terminal:
    """Starts the program; `expect` waits for words on the screen, `type` presses keys."""

    def __init__(self, *arguments, env=None, columns=120):
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        environment = clean_environment() | {"TERM": "xterm", "LC_ALL": "C.UTF-8"} | (env or {})
        self.process = subprocess.Popen([PROGRAM, *arguments], env=environment, stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.screen = ""

    def type(self, keys):
        os.write(self.master, keys if isinstance(keys, bytes) else keys.encode())

    def enter(self, line):
        self.type(line + ENTER)

    def echoes(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def echo(self):
        modes = termios.tcgetattr(self.master)
        modes[3] |= termios.ECHO | termios.ICANON
        termios.tcsetattr(self.master, termios.TCSANOW, modes)

    def expect(self, pattern, seconds=60):
        """What was on the screen up to the pattern, which is taken from it."""
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.screen)
            if found:
                before, self.screen = self.screen[:found.end()], self.screen[found.end():]
                return before
            left = deadline - time.monotonic()
            if left < 0 or not self._read(left):
                raise AssertionError(f"{pattern!r} did not come; on the screen: {self.screen!r}")

    def _read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            self.screen = ESCAPES.sub("", self.screen + os.read(self.master, 65536).decode(errors="replace"))
        except OSError:  # the other end is closed
            return False
        return True

    def code(self, seconds=60):
        """Waits for the end of the program."""
        return self.process.wait(seconds)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
