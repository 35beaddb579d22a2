"""`model_image`, a function as an image, and `image_base`, the base of all images."""

from __future__ import annotations

from pants.core.goals.package import OutputPathField
from pants.engine.target import COMMON_TARGET_FIELDS, SingleSourceField, StringField, Target
from pants.util.strutil import help_text

from modelyard_pants.function.fields import FUNCTION_FIELDS
from modelyard_pants.function.variants import (
    VariantDependenciesField,
    VariantField,
    VariantResolveField,
)
from modelyard_pants.image.oci import NUCLIO, STANDALONE


class ImageMarkerField(StringField):
    alias = "image_of"
    help = "The function of this image. Set by `model_function`."


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
        The function as a container image, assembled without an engine: `#<variant>-image` serves
        itself on port 8080, `#<variant>-nuclio` holds Nuclio's processor. `package` writes an OCI
        layout, but only if the image is named on the command line, not with `::`. `run` loads it
        into the engine and starts it; with `-- load` it only loads it, with `-- save FILE` it
        writes an archive. `publish` copies it to the registries in `[modelyard].image_registries`.
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
        The base of all functions' images: the files of pinned Debian packages, and nothing else.
        The same lock always gives the same bytes.
        """
    )
