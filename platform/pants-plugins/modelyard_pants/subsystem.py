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
        Where the repository keeps what every model function shares: its resolves, its runtime
        library and its deployer.
        """
    )

    resolves = DictOption[str](
        default=resolves_by_variant(),
        help=softwrap(
            """
            The Python resolve of a `<framework>-<variant>`. A variant may name another one with
            its own `resolve` key.
            """
        ),
    )
    dependencies_pex = StrOption(
        default="3rdparty/python/{resolve}:deps",
        help=softwrap(
            """
            Address of the `pex_binary` that holds the third-party dependencies of `{resolve}`.
            One for the whole resolve, so that a host with one function already has the largest
            layer of the next.
            """
        ),
    )
    runtime_modules = StrListOption(
        default=["modelyard.serving.worker.nuclio", "modelyard.serving.worker.main"],
        help=softwrap(
            """
            Modules every function's sources need besides what its handler imports: the Nuclio
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
        help="Module that runs a model on a picture from the command line.",
    )
    image_repository = StrOption(
        default="modelyard",
        help=softwrap(
            """
            Prefix of image names, such as `registry.example.org/team/modelyard`. The function's
            name and the variant follow.
            """
        ),
    )
    image_registries = StrListOption(
        default=[],
        help=softwrap(
            """
            Where `publish` copies images to, such as `registry.example.org/team`. The image's name
            follows. `docker-daemon:` is the engine of this machine, docker or podman.
            """
        ),
    )
    image_version = StrOption(
        default=None,
        help=softwrap(
            """
            The version that published images are tagged and labelled with. Without it the label
            has the first digits of the image's content digest.
            """
        ),
    )
    image_base = StrOption(
        default="platform/images:base",
        help="Address of the `image_base` that functions' images stand on.",
    )
    image_builder = StrOption(
        default="platform/tools/modelyard_tools/images/layers:build",
        help="Address of the `pex_binary` that builds layers.",
    )
    image_shipper = StrOption(
        default="platform/tools/modelyard_tools/images/shipping:ship",
        help="Address of the `pex_binary` that hands images to engines and registries.",
    )
    image_server = StrOption(
        default="lib/modelyard/serving/server:standalone",
        help="Address of the `pex_binary` that serves a function in a standalone image.",
    )
    nuclio_onbuild = StrOption(
        default=f"docker://quay.io/nuclio/handler-builder-python-onbuild:{VERSION}-amd64",
        help=softwrap(
            """
            The image that Nuclio's processor and its Python wrapper are taken from, as skopeo
            names it: from a registry or a mirror of one, or `docker-archive:/path/to/file.tar`
            where there is none.
            """
        ),
    )
    gpu = BoolOption(
        default=False,
        help=softwrap(
            """
            Deploy the variants that need a GPU too. The launcher sets it where the driver of an
            NVIDIA GPU is loaded. `experimental-deploy` of such a variant asks nobody.
            """
        ),
    )
    cvat_timeout = FloatOption(
        default=CVAT_TIMEOUT,
        help=softwrap(
            """
            Seconds that the CVAT which calls the functions waits for an answer, its
            `CVAT_NUCLIO_DEFAULT_TIMEOUT`. No time-out of a function may be longer.
            """
        ),
    )
    classic_base_image = StrOption(
        default="python:3.11-slim",
        help=softwrap(
            """
            The image that the classic form of a function builds on: anything with Python 3.11 and
            pip.
            """
        ),
    )
    classic_pip_args = StrListOption(
        default=[],
        help=softwrap(
            """
            Further arguments of the `pip install` in the classic form, such as
            `--extra-index-url=...` where a resolve's packages are not on the package index.
            """
        ),
    )
    deployer = StrOption(
        default="platform/tools/modelyard_tools/deployer:bin",
        help="Address of the `pex_binary` behind the deploy target.",
    )
    debugger = StrOption(
        default="3rdparty/python/debug:debugpy",
        help="Address of the loose `pex_binary` with debugpy, which `debug` gives to a worker.",
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
            Seconds for which weights that could not be fetched are not asked for again, while
            Pants' daemon runs. 0 asks at every build.
            """
        ),
    )
    weights_exporter = StrOption(
        default="platform/tools/modelyard_tools/weights/conversion:export",
        help="Address of the `pex_binary` that exports networks of torch to OpenVINO.",
    )
