"""The files that Nuclio reads, one target for each form."""

from __future__ import annotations

from pants.core.goals.package import OutputPathField
from pants.engine.target import COMMON_TARGET_FIELDS, Field, OptionalSingleSourceField, Target
from pants.util.strutil import help_text

from modelyard_pants.function.fields import FUNCTION_FIELDS
from modelyard_pants.function.variants import (
    VariantDependenciesField,
    VariantField,
    VariantResolveField,
)


class RenderingSourceField(OptionalSingleSourceField):
    alias = "spec"
    default = None
    help = "Always generated."


_RENDERING_FIELDS: tuple[type[Field], ...] = (
    *COMMON_TARGET_FIELDS,
    *FUNCTION_FIELDS,
    VariantField,
    VariantDependenciesField,
)


class NuclioSpecSourceField(RenderingSourceField):
    """Generates function.yaml for a prebuilt image."""


class NuclioSpec(Target):
    alias = "nuclio_spec"
    core_fields = (*_RENDERING_FIELDS, NuclioSpecSourceField)
    help = help_text(
        """
        The function's Nuclio configuration for a prebuilt image: `function.yaml`, or
        `function-gpu.yaml` for the variant `gpu`. If the image exists, `nuctl deploy --platform
        local --file function.yaml` deploys it.
        """
    )


class ProcessorSourceField(RenderingSourceField):
    """Generates processor.yaml."""


class NuclioProcessor(Target):
    alias = "nuclio_processor"
    core_fields = (*_RENDERING_FIELDS, ProcessorSourceField)
    help = help_text(
        """
        The configuration for running Nuclio's processor on a host without a platform: with
        `processor --config processor.yaml` it listens on the function's port of the loopback
        interface. The processor does not set the environment: `processor.env` has the function's
        variables, if any, in the format of `--env-file`. The processor also needs
        `NUCLIO_PYTHON_EXE_PATH`, `NUCLIO_PYTHON_WRAPPER_PATH`, `PYTHONPATH` (the sources) and
        `MODELYARD_ASSETS`. A second processor on the same host needs a platform file with a free
        `webAdmin.listenAddress` and `healthCheck.listenAddress`. In a container use function.yaml,
        which the processor can also read.
        """
    )


class KubernetesSourceField(RenderingSourceField):
    """Generates kubernetes.yaml."""


class NuclioKubernetes(Target):
    alias = "nuclio_kubernetes"
    core_fields = (*_RENDERING_FIELDS, KubernetesSourceField)
    help = help_text(
        """
        The function as a `NuclioFunction` for `kubectl apply`: `kubernetes.yaml`, with the status
        that Nuclio's controller waits for. The Nuclio project `cvat` must exist in the namespace it
        is applied to.
        """
    )


class ClassicSourceField(RenderingSourceField):
    """Generates a folder like those of CVAT's own functions."""


class NuclioClassic(Target):
    alias = "nuclio_classic"
    core_fields = (
        *_RENDERING_FIELDS,
        VariantResolveField,
        ClassicSourceField,
        OutputPathField,
    )
    help = help_text(
        """
        The function in the form of CVAT's `serverless` folders, where Nuclio builds the image.
        Generated if `classic=True`. `export-codegen` writes the folder `nuclio` with
        `function.yaml` (`build.directives`), `main.py` and `requirements.txt` (the exact contents
        of the resolve's PEX, with digests, for the platform it was built on). `package` writes the
        same with sources and weights, so that `nuctl deploy --platform local --path nuclio --file
        nuclio/function.yaml` works directly.
        """
    )
