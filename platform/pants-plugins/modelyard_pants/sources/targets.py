"""`model_sources`: the first-party code of a function."""

from __future__ import annotations

from pants.backend.python.target_types import EntryPointField, PythonResolveField
from pants.core.goals.package import OutputPathField
from pants.engine.target import COMMON_TARGET_FIELDS, Dependencies, Target
from pants.util.strutil import help_text

from modelyard_pants.function.variants import VariantField


class ModelSourcesDependenciesField(Dependencies):
    """The handler, and the runtime modules that it does not import itself."""


class ModelSourcesEntryPointField(EntryPointField):
    """Not the one of a `pex_binary`, which Pants would package wherever it is not left out."""


class ModelSources(Target):
    alias = "model_sources"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        ModelSourcesDependenciesField,
        ModelSourcesEntryPointField,
        PythonResolveField,
        OutputPathField,
        VariantField,
    )
    help = help_text(
        """
        The first-party code of a function as a PEX without third-party dependencies. The release
        holds it; by itself it is packaged only where a command names it.
        """
    )
