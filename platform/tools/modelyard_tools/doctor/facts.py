"""The facts to judge. None means absent or unknown."""

import msgspec


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine: `system` and `architecture` as `uname` prints them, memory in bytes.

    `wsl` is 1 or 2 under the Windows Subsystem for Linux, else 0.
    """

    system: str = "Linux"
    architecture: str = "x86_64"
    wsl: int = 0
    memory_total: int
    memory_available: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A folder: free bytes on its disk, and the disk's type as `mount` prints it."""

    path: str
    free: int
    filesystem: str = ""


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """A container with the engine's name for its state.

    `nuclio` is the function that Nuclio created it for, `ours` the function whose image from this
    repository it runs; both are empty for others. `port` is the host port of its port 8080,
    `published` are all host ports that lead to it.
    """

    name: str
    state: str
    nuclio: str = ""
    ours: str = ""
    port: int | None = None
    published: tuple[int, ...] = ()


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """Docker: `version` of the engine (None: it does not answer; `problem` is why)."""

    version: str | None = None
    problem: str = ""
    runtimes: tuple[str, ...] = ()
    place: Place | None = None
    containers: tuple[Container, ...] = ()

    def publishing(self, port: int) -> Container | None:
        """Return the container that a host port leads to."""
        return next((each for each in self.containers if port in each.published), None)


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """CVAT's server in a container: its settings for Nuclio, and the error for each of the URLs;
    an empty text means that it answers.
    """

    container: str
    serverless: bool
    host: str
    port: int
    method: str
    asked: dict[str, str] = {}


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """nuctl's version, and what decides which platform it uses."""

    nuctl: str | None = None
    kubeconfig: str | None = None
    nuctl_platform: str | None = None


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function as a dashboard lists it: bytes of its configuration, and whether its port accepts
    connections (None: it has no port that should).
    """

    name: str
    state: str
    message: str = ""
    port: int | None = None
    size: int = 0
    answers: bool | None = None
    restarts: int = 0


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """A Nuclio dashboard with its version. `home` is that of an embedded platform, empty for
    Nuclio's own.
    """

    url: str
    home: str = ""
    version: str = ""
    functions: tuple[Function, ...] = ()

    @property
    def embedded(self) -> bool:
        """Whether it belongs to an embedded platform."""
        return bool(self.home)


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """What listens on a port that we need: a process (empty if hidden) or a container.

    `ours` means that it belongs to us: the embedded platform, or the function that needs it, in a
    container.
    """

    port: int
    wanted_by: str
    process: str = ""
    container: str = ""
    ours: bool = False


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """The embedded platform according to its home: whether a process holds it and answers; the last
    error in its log; records that cannot be read.
    """

    held_by: int | None = None
    answers: bool = False
    last_error: str = ""
    damaged: tuple[str, ...] = ()
    host: str = "127.0.0.1"


class Gpus(msgspec.Struct, frozen=True, kw_only=True):
    """NVIDIA GPUs: whether one is present, how many the driver sees, and what is wrong."""

    present: bool
    known: int = 0
    problem: str = ""


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """The weights store: files that do not match their digests, and unfinished ones."""

    path: str
    files: int = 0
    size: int = 0
    damaged: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All facts. `wanted` are the ports of functions that are not being served, by name."""

    machine: Machine
    home: Place
    repository: Place
    platform: Platform
    weights: Weights | None = None
    engine: Engine | None = None
    tools: Tools = Tools()
    gpus: Gpus = Gpus(present=False)
    dashboards: tuple[Dashboard, ...] = ()
    listeners: tuple[Listener, ...] = ()
    reach: tuple[Reach, ...] = ()

    @property
    def nuclio(self) -> Dashboard | None:
        """Nuclio's own dashboard, if one answers."""
        return next((each for each in self.dashboards if not each.embedded), None)

    @property
    def embedded(self) -> Dashboard | None:
        """Our platform's, if it answers."""
        return next((each for each in self.dashboards if each.embedded), None)
