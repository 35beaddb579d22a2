"""The base of every image: C library, Python, certificates, a user, and nothing else.

No shell, no package manager and no Perl, so nothing that an intruder could use or that a scanner
would report. The installation steps of Debian's tools that a function needs are done here: the
certificates in one file, the user, the compiled standard library.
"""

import re
from functools import partial
from pathlib import Path
from typing import Final

from modelyard_contract.images import USER
from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers import bytecode, debian
from modelyard_tools.images.layers.tree import Tree

# Debian's architectures by their names in uname.
_MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_PASSWD: Final = f"""root:x:0:0:root:/root:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
modelyard:x:{USER}:{USER}:modelyard:/tmp:/usr/sbin/nologin
"""
_GROUP: Final = f"root:x:0:\nnogroup:x:65534:\nmodelyard:x:{USER}:\n"
_NAMES: Final = "hosts: files dns\npasswd: files\ngroup: files\n"
_BUNDLE: Final = "etc/ssl/certs/ca-certificates.crt"
_CERTIFICATES: Final = re.compile(r"usr/share/ca-certificates/.*\.crt")

# Links that Debian creates when it sets up a system, not from a package.
_MERGED: Final = ("bin", "lib", "lib64", "sbin")

# Files that no function reads. Licences (usr/share/doc/*/copyright) are kept.
_STDLIB: Final = "usr/lib/python3.11"
_LEFT_OUT: Final = re.compile(
    rf"""
      usr/share/(?!doc|ca-certificates|zoneinfo|mime)      # manuals, locales, examples
    | usr/share/doc/.*(?<!/copyright)$
    | usr/share/ca-certificates/                           # in one file: see above
    | usr/(s?bin)/(?!python3)                              # tools that need a shell around them
    | usr/lib/x86_64-linux-gnu/(gconv|audit|perl)
    | usr/lib/(mime|systemd|tmpfiles.d|valgrind|debug|binfmt.d)
    | usr/share/binfmts
    | {_STDLIB}/(idlelib|lib2to3|turtle|tkinter|pydoc_data|ensurepip|test|curses|dbm)
    | {_STDLIB}/lib-dynload/(_curses|readline|_dbm|nis|_test|_ctypes_test|_xx|xx)
    | {_STDLIB}/config-
    | etc/(apt|cron|dpkg|init|ld|logrotate|profile|skel|motd|update-motd|dhcp|ca-certificates|ssl)
    | var/|home|mnt|media|srv|opt|boot|dev|proc|sys|run|root|tmp
    """,
    re.VERBOSE,
)


def check_machine(architecture: str, system: str, machine: str) -> None:
    """Check that packages of this machine can run on the base image.

    `architecture` is Debian's name, `system` and `machine` are those of uname.

    Raises:
        ImageToolError: they cannot.
    """
    if system != "Linux" or _MACHINES.get(machine) != architecture:
        raise ImageToolError(
            f"the base image is Debian's for {architecture}, but the packages on top of it are "
            f"this machine's, {system} on {machine}; build images on such a machine, or name "
            "another base with Python 3.11 in `base_image`"
        )


def base_tree(lock: debian.Lock, cache: Path) -> Tree:
    """Return the files of the base image.

    Raises:
        ImageToolError: a package cannot be downloaded.
    """
    tree = Tree()
    certificates: dict[str, bytes] = {}
    for package in lock.packages:
        deb = debian.unpack(debian.obtain(package, cache), package.name)
        # Where scanners look for the packages of an image without a package manager.
        tree.add_bytes(f"var/lib/dpkg/status.d/{package.name}", deb.control)
        for member in deb.files:
            path = merged(member.name)
            if member.isreg() and _CERTIFICATES.fullmatch(path):
                certificates[path] = debian.reading(deb.files, member)
            if _LEFT_OUT.match(path):
                continue
            if member.issym():
                tree.add_link(path, member.linkname)
            elif member.isreg() or member.islnk():
                read = partial(debian.reading, deb.files, member)
                tree.add_file(path, read, executable=bool(member.mode & 0o100))
    _set_up(tree, certificates)
    _compile_stdlib(tree)
    return tree


def merged(name: str) -> str:
    """Return the merged path of a package's file: Debian's bin, lib and sbin are links into usr."""
    path = name.removeprefix("./").rstrip("/")
    return f"usr/{path}" if path.partition("/")[0] in _MERGED else path


def _set_up(tree: Tree, certificates: dict[str, bytes]) -> None:
    for folder in _MERGED:
        tree.add_link(folder, f"usr/{folder}")
        tree.add_folder(f"usr/{folder}")
    for folder in ("dev", "proc", "sys", "run", "root", "var/tmp"):
        tree.add_folder(folder)
    tree.add_folder("tmp", 0o1777)
    tree.add_bytes("etc/passwd", _PASSWD.encode())
    tree.add_bytes("etc/group", _GROUP.encode())
    tree.add_bytes("etc/nsswitch.conf", _NAMES.encode())
    tree.add_bytes(_BUNDLE, b"".join(certificates[path] for path in sorted(certificates)))
    tree.add_link("usr/lib/ssl/cert.pem", f"/{_BUNDLE}")
    tree.add_link("usr/lib/ssl/certs", "/etc/ssl/certs")
    tree.add_link("usr/bin/python3", "python3.11")


def _compile_stdlib(tree: Tree) -> None:
    sources = [
        (f"/{path}", node.read())
        for path, node in tree
        if node.read and path.startswith(_STDLIB) and path.endswith(".py")
    ]
    for path, pyc in bytecode.compiled([sources[0::2], sources[1::2]]):
        tree.add_bytes(path.lstrip("/"), pyc)
