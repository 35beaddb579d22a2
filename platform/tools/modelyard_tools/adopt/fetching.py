"""Files that an author's code opens by a bare name, or fetches."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from modelyard_contract.nuclio import HOME
from modelyard_tools.adopt.steps import WEIGHTS


def bare_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and name of files of weights that the code opens without a folder."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for argument in node.args:
                value = argument.value if isinstance(argument, ast.Constant) else None
                if isinstance(value, str) and _is_bare(value):
                    yield node.lineno, value


def _is_bare(path: str) -> bool:
    is_file = PurePosixPath(path).suffix.lower() in WEIGHTS
    return is_file and "://" not in path and not path.startswith("/")


def downloads(node: ast.Call) -> bool:
    """Whether a call fetches a file, unless it names one in the author's image."""
    name = ast.unparse(node.func)
    is_local = any(
        isinstance(part, ast.Constant) and str(part.value).startswith((HOME, "."))
        for part in node.args[:1]
    )
    return not is_local and (name in _FETCHING or name.rpartition(".")[2] in _FETCHERS)


_FETCHING: Final = frozenset(
    {"torch.hub.load", "hub.load", "gdown.download", "gdown.cached_download", "wget.download"}
    | {"gdown.download_folder", "requests.get", "requests.request", "urllib.request.urlopen"}
    | {"urlopen"}
)
# Of any module or class.
_FETCHERS: Final = frozenset(
    {"from_pretrained", "urlretrieve", "load_state_dict_from_url", "download_url_to_file"}
    | {"hf_hub_download", "snapshot_download", "cached_download"}
)
