"""What Nuclio reads of a function, one target for each form."""

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
        `function-gpu.yaml` for the variant `gpu`. With the image at hand,
        `nuctl deploy --platform local --file function.yaml` deploys it.
        """
    )


class ProcessorSourceField(RenderingSourceField):
    """Generates processor.yaml."""


class NuclioProcessor(Target):
    alias = "nuclio_processor"
    core_fields = (*_RENDERING_FIELDS, ProcessorSourceField)
    help = help_text(
        """
        What Nuclio's processor runs from on a host without any platform: with
        `processor --config processor.yaml` it listens on the function's port of the loopback
        interface. The processor sets no environment: where the function has any, `processor.env`
        holds it, a variable a line as `--env-file` reads them. Beside it, the processor needs
        `NUCLIO_PYTHON_EXE_PATH`, `NUCLIO_PYTHON_WRAPPER_PATH`, `PYTHONPATH` (the sources) and
        `MODELYARD_ASSETS`. A second one on the same host needs a platform file whose
        `webAdmin.listenAddress` and `healthCheck.listenAddress` are free. In a container take
        function.yaml, which the processor reads as well.
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
        that Nuclio's controller waits for. The namespace is the one it is applied in, where the
        Nuclio project `cvat` has to exist.
        """
    )


class ClassicSourceField(RenderingSourceField):
    """Generates the folder CVAT's own functions have."""


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
        Generated where `classic=True`. `export-codegen` writes the folder `nuclio` with
        `function.yaml` (`build.directives`), `main.py` and `requirements.txt` (exactly what the
        resolve's PEX holds, with digests, for the platform it was built on). `package` writes the
        same with the sources and the weights in it, so that
        `nuctl deploy --platform local --path nuclio --file nuclio/function.yaml` works as it is.
        """
    )
