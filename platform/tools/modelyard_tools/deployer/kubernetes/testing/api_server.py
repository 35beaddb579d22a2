"""A real Kubernetes API server with Nuclio's resources and a simulated controller.

`.ci/kube-apiserver` builds the programs. The rest of a cluster is missing: no pods, no services.
"""

import secrets
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from modelyard_tools.deployer.kubernetes.testing.cluster import controlled, waits
from modelyard_tools.deployer.kubernetes.testing.crd import crd
from modelyard_tools.embedded.testing.process import until
from modelyard_tools.testing.ports import free_port

_HOST: Final = "127.0.0.1"
_KINDS: Final = ("NuclioFunction", "NuclioProject")
_FUNCTIONS: Final = "/apis/nuclio.io/v1beta1/nucliofunctions"
_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_RBAC: Final = "/apis/rbac.authorization.k8s.io/v1"
_POLL: Final = 0.2
ADMIN: Final = "admin"
# May do everything with Nuclio's objects, but only touch the function named `echo`.
CLERK: Final = "clerk"
_CLERK_MAY: Final = [
    {"apiGroups": ["nuclio.io"], "resources": ["*"], "verbs": ["get", "list", "create"]},
    {
        "apiGroups": ["nuclio.io"],
        "resources": ["nuclioprojects"],
        "verbs": ["patch"],
    },
    {
        "apiGroups": ["nuclio.io"],
        "resources": ["nucliofunctions"],
        "resourceNames": ["echo"],
        "verbs": ["patch"],
    },
]


class ApiServer:
    """etcd and kube-apiserver from the folder `programs`, running until `close`."""

    def __init__(self, programs: Path, folder: Path) -> None:
        """Start them, with their files in `folder`, and install Nuclio's definitions."""
        self._certificate = folder / "certificates" / "apiserver.crt"
        self._tokens = {user: secrets.token_hex() for user in (ADMIN, CLERK)}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()
        self._url = f"https://{_HOST}:{free_port()}"
        try:
            self._start(programs, folder)
            self._client = self._connected()
            self._install()
        except BaseException:
            self._kill()
            raise
        self._controller = threading.Thread(target=self._control, daemon=True)
        self._controller.start()

    def close(self) -> None:
        """Stop both."""
        self._ended.set()
        self._controller.join()
        self._kill()

    def write_kubeconfig(self, path: Path, user: str = ADMIN) -> None:
        """Write the kubeconfig by which kubectl finds this server."""
        cluster = {"server": self._url, "certificate-authority": str(self._certificate)}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": self._tokens[user]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
        path.write_bytes(msgspec.yaml.encode(config))

    def make_namespace(self, name: str) -> None:
        """Create a namespace."""
        self._make("/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": name}})

    def functions(self, namespace: str) -> dict[str, dict[str, Any]]:
        """Return the functions of a namespace by name."""
        everywhere = ((item["metadata"], item) for item in self._items())
        return {at["name"]: item for at, item in everywhere if at["namespace"] == namespace}

    def _start(self, programs: Path, folder: Path) -> None:
        store, peers = f"http://{_HOST}:{free_port()}", f"http://{_HOST}:{free_port()}"
        etcd = {
            "data-dir": folder / "etcd",
            "listen-client-urls": store,
            "advertise-client-urls": store,
            "listen-peer-urls": peers,
        }
        self._run(programs / "etcd", folder, etcd)
        tokens = folder / "tokens.csv"
        groups = {ADMIN: "system:masters", CLERK: "clerks"}
        lines = (f'{self._tokens[user]},{user},{user},"{groups[user]}"\n' for user in groups)
        tokens.write_text("".join(lines))
        key = self._certificate.with_suffix(".key")
        server = {
            "etcd-servers": store,
            "bind-address": _HOST,
            # Otherwise it looks for one, which fails without a network. Nothing connects to it.
            "advertise-address": "192.0.2.1",
            "secure-port": self._url.rpartition(":")[2],
            "cert-dir": key.parent,
            "token-auth-file": tokens,
            "authorization-mode": "RBAC",
            # Nothing uses service accounts, but no server starts without these options.
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-signing-key-file": key,
            "service-account-key-file": key,
            "service-cluster-ip-range": "10.0.0.0/24",
            "disable-admission-plugins": "ServiceAccount",
        }
        self._run(programs / "kube-apiserver", folder, server)

    def _run(self, program: Path, folder: Path, options: dict[str, Any]) -> None:
        command = [str(program), *(f"--{name}={value}" for name, value in options.items())]
        with (folder / f"{program.name}.log").open("wb") as log:
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log))  # noqa: S603

    def _connected(self) -> httpx.Client:
        until(lambda: self._alive() and self._certificate.exists())
        client = httpx.Client(
            base_url=self._url,
            verify=ssl.create_default_context(cafile=str(self._certificate)),
            headers={"authorization": f"Bearer {self._tokens[ADMIN]}"},
            trust_env=False,
        )
        until(lambda: self._alive() and _ready(client))
        return client

    def _alive(self) -> bool:
        ended = [process.args for process in self._processes if process.poll() is not None]
        if ended:
            raise AssertionError(f"it exited unexpectedly: {ended}")
        return True

    def _install(self) -> None:
        for kind in _KINDS:
            self._make(_CRDS, crd(kind))
        until(lambda: self._client.get(_FUNCTIONS).status_code == httpx.codes.OK)
        role = {"metadata": {"name": CLERK}, "rules": _CLERK_MAY}
        self._make(f"{_RBAC}/clusterroles", role)
        binding = {
            "metadata": {"name": CLERK},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": CLERK,
            },
            "subjects": [{"kind": "User", "name": CLERK}],
        }
        self._make(f"{_RBAC}/clusterrolebindings", binding)

    def _make(self, path: str, item: dict[str, Any]) -> None:
        self._client.post(path, json=item).raise_for_status()

    def _items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (
            self._client.get(_FUNCTIONS).raise_for_status().json()["items"]
        )
        return items

    def _control(self) -> None:
        """Act like Nuclio's controller, until `close`."""
        while not self._ended.wait(_POLL):
            for item in self._items():
                if waits(item):
                    self._update(item)

    def _update(self, item: dict[str, Any]) -> None:
        at = item["metadata"]
        reply = self._client.put(
            f"/apis/nuclio.io/v1beta1/namespaces/{at['namespace']}/nucliofunctions/{at['name']}",
            params={"fieldManager": "controller"},
            json={**item, "status": controlled(item)},
        )
        # It was changed or deleted in between; the next round notices.
        if reply.status_code not in (httpx.codes.CONFLICT, httpx.codes.NOT_FOUND):
            reply.raise_for_status()

    def _kill(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
