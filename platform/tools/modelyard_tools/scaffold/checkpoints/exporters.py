"""The packages that export checkpoints of their own networks when a function is built."""

import msgspec


class Exporter(msgspec.Struct, frozen=True):
    """A package in the resolve `exporters`.

    Attributes:
        convert: Its name in `model_weights`.
        title: Its name for people.
        licence: SPDX identifier of its code's licence.
        stated_at: Where that licence is stated.
    """

    convert: str
    title: str
    licence: str
    stated_at: str

    def notice(self, file: str) -> str:
        """Return a sentence on the package and its licence, for whoever builds the function."""
        return (
            f"Building the function fetches {self.title}, licensed {self.licence} "
            f"({self.stated_at}), which exports {file}; the function itself runs without it."
        )


ULTRALYTICS = Exporter(
    "ultralytics",
    "Ultralytics",
    "AGPL-3.0-only",
    "https://github.com/ultralytics/ultralytics/blob/main/LICENSE",
)
RF_DETR = Exporter(
    "rfdetr", "RF-DETR", "Apache-2.0", "https://github.com/roboflow/rf-detr/blob/main/LICENSE"
)
