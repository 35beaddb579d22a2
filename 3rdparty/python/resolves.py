"""The resolves: folders of requirements, and the systems and Pythons that they are for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LINUX_X86 = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"}
LINUX_ARM = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"}
MAC_X86 = {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "x86_64"}
MAC_ARM = {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"}
EVERYWHERE = (LINUX_X86, LINUX_ARM, MAC_X86, MAC_ARM)


@dataclass(frozen=True)
class Resolve:
    """A folder of requirements that are resolved together.

    `stem` starts the file names: `stem.in` (run time), `stem-dev.in` (tests and build steps),
    `stem-overrides.in` and `stem-excludes.in` (corrections of other packages' requirements).
    """

    name: str
    folder: str
    stem: str
    python: str = "3.11"
    platforms: tuple[dict[str, str], ...] = EVERYWHERE
    find_links: bool = False

    def inputs(self, root: Path) -> list[Path]:
        return sorted((root / self.folder).glob(f"{self.stem}*.in"))

    def requested(self, root: Path) -> list[Path]:
        names = {f"{self.stem}.in", f"{self.stem}-dev.in"}
        return [path for path in self.inputs(root) if path.name in names]

    def lock(self, root: Path) -> Path:
        return root / self.folder / f"{self.stem}.lock"

    def environments(self) -> list[dict[str, str]]:
        common = {
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "os_name": "posix",
        }
        return [common | platform for platform in self.platforms]


def _ours(name: str, **settings: object) -> Resolve:
    return Resolve(name, f"3rdparty/python/{name}", name, **settings)  # type: ignore[arg-type]


RESOLVES = {
    resolve.name: resolve
    for resolve in (
        _ours("default"),
        _ours("openvino"),
        # The `+cpu` build is in a folder or on a page that PIP_FIND_LINKS names.
        _ours("torch-cpu", find_links=True, platforms=(LINUX_X86, LINUX_ARM, MAC_ARM)),
        _ours("detectron2", find_links=True, platforms=(LINUX_X86, LINUX_ARM, MAC_ARM)),
        _ours("torch-gpu", platforms=(LINUX_X86, LINUX_ARM)),
        _ours("detectron2-gpu", platforms=(LINUX_X86, LINUX_ARM)),
        _ours("buildgrid", platforms=(LINUX_X86, LINUX_ARM)),
        _ours("experiments"),
        _ours("debug"),
        _ours("exporters", find_links=True, platforms=(LINUX_X86,)),
        _ours("tools"),
        _ours("pants-plugins", python="3.9"),
        Resolve("launcher", "platform/launcher", "pants", python="3.9"),
    )
}
