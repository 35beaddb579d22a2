"""What the authors' packages read from the environment when they are imported."""

import os
from pathlib import Path


def keep_to_themselves(settings: Path) -> None:
    """Have the packages run on the CPU, load safely, and neither install nor fetch anything.

    Args:
        settings: An existing folder for Ultralytics' settings.
    """
    os.environ |= {
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "ULTRALYTICS_SAFE_LOAD": "true",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_CONFIG_DIR": str(settings),
        "YOLO_OFFLINE": "true",
        "YOLO_VERBOSE": "false",
    }
