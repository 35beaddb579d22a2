"""`model_sources`: the first-party code of a function."""

from __future__ import annotations

from pants.backend.python.target_types import EntryPointField, PythonResolveField
from pants.core.goals.package import OutputPathField
from pants.engine.target import COMMON_TARGET_FIELDS, Dependencies, Target
from pants.util.strutil import help_text

from modelyard_pants.function.variants import VariantField


class ModelSourcesDependenciesField(Dependencies):
    """The handler, and the runtime modules, which it does not import."""


class ModelSourcesEntryPointField(EntryPointField):
    """Not that of `pex_binary`, since Pants would then package the target by default."""


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
        contains it; it is packaged separately only if a command names it.
        """
    )
