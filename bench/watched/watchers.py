"""Valgrind, AddressSanitizer and ThreadSanitizer: how each is started, and how what it finds is read."""

import re
import subprocess

OURS = re.compile(r"wsgi_python|wsgi_httpd|libwsgi_python")


def runtime(name):
    """The watcher's library for a program that was not built for it, which is Python."""
    found = subprocess.run(["gcc", f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout.strip()
    if "/" not in found:
        raise SystemExit(f"gcc has no {name}")
    return found


class Memcheck:
    """Valgrind watches over the processes that run Python, and runs one thread at a time."""

    LAYOUTS = 1
    ROUNDS = 2

    @staticmethod
    def before_python(root):
        return (
            "exec valgrind --quiet --trace-children=no --leak-check=full --show-leak-kinds=definite"
            " --errors-for-leak-kinds=definite --num-callers=40 --fair-sched=yes --max-stackframe=8000000"
            f" --log-file={root}/watcher.%p"
        )

    @staticmethod
    def environment(_root):
        return {}

    @staticmethod
    def errors(text):
        """Paragraphs of lines that begin with the process's number."""
        lines = [re.sub(r"^==\d+==? ?", "", line) for line in text.splitlines()]
        return [paragraph for paragraph in re.split(r"\n\s*\n", "\n".join(lines)) if " at 0x" in paragraph]

    @staticmethod
    def is_ours(error):
        """Whether it is for us to mend.

        An invalid access is, whoever makes it: but for the title of a process, since valgrind's process lies elsewhere than
        the kernel says. A value that nobody wrote is, where our own code uses it: CPython's `int.from_bytes` makes such, and
        hands them on. A lost block is, where no code of Python's stands between it and ours.
        """
        frames = [line for line in error.splitlines() if re.match(r" *(at|by) 0x", line)]
        if "Invalid " in error:
            return "wsgi_python::title::" not in error
        if "uninitialised" in error:
            return bool(OURS.search(frames[0]))
        return is_lost_by_us(frames)


class Asan:
    """AddressSanitizer: the library, the front and the parent are built for it."""

    LAYOUTS = 2
    ROUNDS = 3

    @staticmethod
    def before_python(_root):
        return f"export LD_PRELOAD={runtime('libasan.so')}; exec"

    @staticmethod
    def environment(root):
        return {"ASAN_OPTIONS": f"log_path={root}/watcher:detect_leaks=1:detect_stack_use_after_return=1:exitcode=0"}

    @staticmethod
    def errors(text):
        return [part.strip() for part in re.split(r"(?m)^(?==+\n==\d+==ERROR|(?:Direct|Indirect) leak)", text) if "#0 " in part]

    @staticmethod
    def is_ours(error):
        if "leak of" not in error:
            return True
        return error.startswith("Direct") and is_lost_by_us([line for line in error.splitlines() if re.match(r" *#\d+ ", line)])


class Tsan:
    """ThreadSanitizer: the library, the front and the parent are built for it. It sees Python's GIL, which is made of pthreads."""

    LAYOUTS = 2
    ROUNDS = 3

    @staticmethod
    def before_python(_root):
        return f"export LD_PRELOAD={runtime('libtsan.so')}; exec"

    @staticmethod
    def environment(root):
        return {"TSAN_OPTIONS": f"log_path={root}/watcher:exitcode=0:history_size=5"}

    @staticmethod
    def errors(text):
        return [part.strip() for part in re.split(r"(?m)^=+$", text) if "WARNING: ThreadSanitizer" in part]

    @staticmethod
    def is_ours(error):
        """All but one kind is. The last of those who hold the handle of a thread frees it: where that is the thread itself as it
        ends, it counts down in the standard library, which comes compiled (see `std.c`), so that an earlier count in our
        code, by whoever started the thread, seems to race with it.
        """
        return "3std6thread7current12drop_current" not in error.split("  Thread T")[0]


def is_lost_by_us(frames):
    for frame in frames:
        if OURS.search(frame):
            return True
        if "_PyEval_" in frame or "PyImport_" in frame:
            return False
    return False


WATCHERS = {"memcheck": Memcheck, "asan": Asan, "tsan": Tsan}
