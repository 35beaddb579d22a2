"""What the BUILD files of functions may call beside targets.

Pants reads this before any BUILD file; nothing here can be imported.
"""


def function_tests(assets, detector=None, extra_env_vars=(), **fields):  # noqa: ANN001, ANN003, ANN201
    """Declare `python_tests` that find the packaged assets of functions on the CPU.

    `assets` is the address of a function, such as ":coco_ssd": its assets are packaged before the
    tests run, and MODELYARD_TEST_ASSETS is their folder. The same goes for `detector`, a function
    whose answers the tests start from, and MODELYARD_TEST_ASSETS_DETECTOR.
    """
    named = {"MODELYARD_TEST_ASSETS": assets, "MODELYARD_TEST_ASSETS_DETECTOR": detector}
    addresses = {variable: address for variable, address in named.items() if address}
    packages = [f"{address}#cpu-assets" for address in addresses.values()]
    folders = {
        variable: address.replace(":", "/").split("/")[-1].replace("_", "-") + "/cpu/assets"
        for variable, address in addresses.items()
    }
    python_tests(  # noqa: F821
        name="tests",
        runtime_package_dependencies=[*packages, *fields.pop("runtime_package_dependencies", ())],
        extra_env_vars=[
            *(f"{variable}={folder}" for variable, folder in folders.items()),
            *extra_env_vars,
        ],
        **fields,
    )
