from __future__ import annotations

from pants.option.option_types import BoolOption, DictOption, FloatOption, StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import help_text, softwrap

from modelyard_contract.frameworks import resolves_by_variant
from modelyard_contract.limits import CVAT_TIMEOUT
from modelyard_contract.nuclio import VERSION


class Modelyard(Subsystem):
    options_scope = "modelyard"
    help = help_text(
        """
        Locations of what all model functions share: resolves, runtime library and deployer.
        """
    )

    resolves = DictOption[str](
        default=resolves_by_variant(),
        help=softwrap(
            """
            The Python resolve of a `<framework>-<variant>`. A variant may set another one with its
            `resolve` key.
            """
        ),
    )
    dependencies_pex = StrOption(
        default="3rdparty/python/{resolve}:deps",
        help=softwrap(
            """
            Address of the `pex_binary` with the third-party dependencies of `{resolve}`. There is
            one for the whole resolve, so that functions on the same host share the largest layer.
            """
        ),
    )
    runtime_modules = StrListOption(
        default=["modelyard.serving.worker.nuclio", "modelyard.serving.worker.main"],
        help=softwrap(
            """
            Modules that every function's sources need besides the handler's imports: the Nuclio
            handler and the worker that runs it.
            """
        ),
    )
    head_model = StrOption(
        default="modelyard.models.heads:HeadDetector",
        help="The model class of functions that have a `head` instead of a handler.",
    )
    predict_module = StrOption(
        default="modelyard.serving.worker.predict",
        help="The module that runs a model on a picture from the command line.",
    )
    image_repository = StrOption(
        default="modelyard",
        help=softwrap(
            """
            Prefix of image names, such as `registry.example.org/team/modelyard`, before the
            function's name and the variant.
            """
        ),
    )
    image_registries = StrListOption(
        default=[],
        help=softwrap(
            """
            Registries that `publish` copies images to, such as `registry.example.org/team`, without
            the image's name. `docker-daemon:` is the engine of this machine, docker or podman.
            """
        ),
    )
    image_version = StrOption(
        default=None,
        help=softwrap(
            """
            The version with which published images are tagged and labelled. By default the label
            has the first digits of the image's content digest.
            """
        ),
    )
    image_base = StrOption(
        default="platform/images:base",
        help="Address of the `image_base` of functions' images.",
    )
    image_builder = StrOption(
        default="platform/tools/modelyard_tools/images/layers:build",
        help="Address of the `pex_binary` that builds layers.",
    )
    image_shipper = StrOption(
        default="platform/tools/modelyard_tools/images/shipping:ship",
        help="Address of the `pex_binary` that copies images to engines and registries.",
    )
    image_server = StrOption(
        default="lib/modelyard/serving/server:standalone",
        help="Address of the `pex_binary` that serves a function in a standalone image.",
    )
    nuclio_onbuild = StrOption(
        default=f"docker://quay.io/nuclio/handler-builder-python-onbuild:{VERSION}-amd64",
        help=softwrap(
            """
            The image from which Nuclio's processor and its Python wrapper are taken, as skopeo
            names it: in a registry or a mirror, or `docker-archive:/path/to/file.tar` without one.
            """
        ),
    )
    gpu = BoolOption(
        default=False,
        help=softwrap(
            """
            Also deploy the variants that need a GPU. The launcher sets it if the driver of an
            NVIDIA GPU is loaded. `experimental-deploy` ignores it.
            """
        ),
    )
    cvat_timeout = FloatOption(
        default=CVAT_TIMEOUT,
        help=softwrap(
            """
            Seconds that CVAT waits for an answer from a function, its
            `CVAT_NUCLIO_DEFAULT_TIMEOUT`. No timeout of a function may be longer.
            """
        ),
    )
    classic_base_image = StrOption(
        default="python:3.11-slim",
        help=softwrap(
            """
            The base image of the classic form of a function: any with Python 3.11 and pip.
            """
        ),
    )
    classic_pip_args = StrListOption(
        default=[],
        help=softwrap(
            """
            Further arguments for `pip install` in the classic form, such as `--extra-index-url=...`
            if a resolve's packages are not on the package index.
            """
        ),
    )
    deployer = StrOption(
        default="platform/tools/modelyard_tools/deployer:bin",
        help="Address of the deployer's `pex_binary`.",
    )
    debugger = StrOption(
        default="3rdparty/python/debug:debugpy",
        help="Address of the loose `pex_binary` with debugpy, which `debug` adds to a worker.",
    )
    platform = StrOption(
        default="platform/tools/modelyard_tools/embedded:platform",
        help="Address of the `pex_binary` the deployer installs as the embedded platform.",
    )
    weights_fetcher = StrOption(
        default="platform/tools/modelyard_tools/weights/sources:fetch",
        help="Address of the `pex_binary` that fetches and verifies weights.",
    )
    weights_converter = StrOption(
        default="platform/tools/modelyard_tools/weights/conversion:convert",
        help="Address of the `pex_binary` that converts fetched weights.",
    )
    weights_retry = FloatOption(
        default=300.0,
        help=softwrap(
            """
            Seconds to wait before fetching weights again after a failure, while Pants' daemon runs.
            0 tries at every build.
            """
        ),
    )
    weights_exporter = StrOption(
        default="platform/tools/modelyard_tools/weights/conversion:export",
        help="Address of the `pex_binary` that exports torch networks to OpenVINO.",
    )
    ultralytics_exporter = StrOption(
        default="platform/tools/modelyard_tools/weights/checkpoints:ultralytics",
        help=softwrap(
            """
            Address of the Python target that exports checkpoints of Ultralytics. Its resolve holds
            that package, licensed AGPL-3.0; nothing else needs it.
            """
        ),
    )
    rfdetr_exporter = StrOption(
        default="platform/tools/modelyard_tools/weights/checkpoints:rfdetr",
        help="Address of the Python target that exports checkpoints of RF-DETR.",
    )
