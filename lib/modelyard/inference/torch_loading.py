"""Loads the weights of checkpoints into torch networks, which must fit exactly."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import torch
from torch import Tensor, nn

from modelyard.inference.checkpoints import CheckpointError, abridged

Network = TypeVar("Network", bound=nn.Module)
Rename = Callable[[str], str | None]

_COUNTER: Final = ".num_batches_tracked"


def without_prefix(prefix: str) -> Rename:
    """Return a function that strips `prefix` from keys, such as `module.` of DataParallel."""
    return lambda key: key.removeprefix(prefix)


def build_network(
    make: Callable[[], Network],
    state: Mapping[str, Tensor],
    *,
    source: Path | str,
    rename: Rename | None = None,
) -> Network:
    """Return the network that `make` creates, with the weights of `state`.

    Nothing is initialised or copied first, so `make` must not compute tensors that are not in
    `state`, such as position tables; compute those in the network's first call.

    Raises:
        CheckpointError: see `load_state`.
        TypeError: the network contains such a tensor.
    """
    with torch.device("meta"):
        network = make()
    load_state(network, state, source=source, rename=rename)
    empty = [name for name, buffer in network.named_buffers() if buffer.is_meta]
    if empty:
        raise TypeError(f"{type(network).__name__} computes {abridged(empty)} when it is made")
    return network


def load_state(
    network: nn.Module,
    state: Mapping[str, Tensor],
    *,
    source: Path | str,
    rename: Rename | None = None,
) -> None:
    """Load every weight of a network from `state`, using all of `state`.

    The tensors are not copied unless their dtype differs. Checkpoints older
    than torch 0.4.1 lack the batch counters of batch normalisation, which only training reads.

    Args:
        network: The network to fill.
        state: Tensors by their names in the checkpoint.
        source: Path of the checkpoint, for messages.
        rename: Maps a name in the checkpoint to that in the network, or to None to skip the
            tensor.

    Raises:
        CheckpointError: lists all keys that are missing, unused or of another shape.
    """
    wanted = network.state_dict()
    given: dict[str, Tensor] = {}
    for key, tensor in state.items():
        name = rename(key) if rename else key
        if name in given:
            raise CheckpointError(f"{source} has {name} twice, the second time as {key}")
        if name is not None:
            given[name] = tensor
    for name in wanted.keys() - given.keys():
        if name.endswith(_COUNTER):
            given[name] = torch.zeros((), dtype=torch.int64)
    both = [name for name in wanted if name in given]
    misfits = {
        "missing": [name for name in wanted if name not in given],
        "left over": [name for name in given if name not in wanted],
        "of another shape": [
            f"{name} {_shape(given[name])} for {_shape(wanted[name])}"
            for name in both
            if given[name].shape != wanted[name].shape
        ],
    }
    problems = [f"{len(names)} {how}: {abridged(names)}" for how, names in misfits.items() if names]
    if problems:
        raise CheckpointError(
            f"{source} does not fit {type(network).__name__}: {'; '.join(problems)}"
        )
    fitting = {name: given[name].to(wanted[name].dtype) for name in both}
    network.load_state_dict(fitting, assign=True)


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"
