"""One row for every kind of function in CVAT's tree.

Facts are CVAT's: names, triggers, where weights come from.
"""

from typing import Any, Final

from modelyard_tools.adopt.testing.folders import Row


def _rectangles(*names: str) -> list[dict[str, Any]]:
    return [{"id": i, "name": name, "type": "rectangle"} for i, name in enumerate(names)]


# The contents of lib/modelyard/annotation/labels:coco_91 in these tests.
SHARED_LABELS: Final = _rectangles(*"abcdefgh")


def _omz(name: str) -> str:
    return f"""\
        FROM openvino/ubuntu20_dev:2022.3.0 AS build
        RUN omz_downloader \\
            --name {name} && omz_converter --name {name}
        FROM cvat.openvino.base
        COPY --from=build /opt/nuclio/open_model_zoo /opt/nuclio/open_model_zoo
    """


_PIP = ("RUN", "pip install torch==1.8.1 pillow pyyaml")
_APT = ("RUN", "apt-get update && apt-get install -y --no-install-recommends git curl")
_ZOO = "/opt/nuclio/open_model_zoo"


ROWS: Final[tuple[Row, ...]] = (
    Row(
        path="onnx/WongKinYiu/yolov7",
        name="onnx-wongkinyiu-yolov7",
        display="YOLO v7",
        type="detector",
        framework="openvino",
        imports=("import onnxruntime as ort",),
        paths=("/opt/nuclio/yolov7-nms-640.onnx",),
        labels=_rectangles("person", "bicycle", "car"),
        base="ubuntu:22.04",
        gpu=True,
        steps=(
            _APT,
            ("RUN", "pip install onnxruntime opencv-python-headless pillow pyyaml"),
            (
                "ADD",
                "https://github.com/WongKinYiu/yolov7/releases/download/v0.1/yolov7-nms-640.onnx "
                "/opt/nuclio",
            ),
        ),
    ),
    Row(
        path="openvino/dextr",
        name="openvino-dextr-adopted",
        display="DEXTR",
        type="interactor",
        framework="openvino",
        imports=("import openvino",),
        paths=("/opt/nuclio/dextr.xml",),
        annotations={
            "version": 2,
            "min_pos_points": 4,
            "min_neg_points": -1,
            "help_message": "Put four extreme points",
            "animated_gif": "https://example.org/dextr.gif",
        },
    ),
    Row(
        path="openvino/omz/intel/face-detection-0205",
        name="openvino-omz-intel-face-detection-0205-adopted",
        display="Attributed face detection",
        type="detector",
        framework="openvino",
        imports=("import openvino",),
        paths=(f"{_ZOO}/intel/face-detection-0205/FP32",),
        docker=_omz("face-detection-0205"),
        spec={"eventTimeout": "30000s"},
        labels=[
            {
                "id": 0,
                "name": "face",
                "type": "rectangle",
                "attributes": [
                    {"name": "age", "input_type": "number", "values": ["0", "150", "1"]},
                    {"name": "gender", "input_type": "select", "values": ["female", "male"]},
                ],
            }
        ],
    ),
    Row(
        path="openvino/omz/intel/person-reidentification-retail-0277",
        name="openvino-omz-intel-person-reidentification-retail-0277-adopted",
        display="Person reidentification",
        type="reid",
        framework="openvino",
        imports=("import math", "from scipy.optimize import linear_sum_assignment"),
        paths=(f"{_ZOO}/intel/person-reidentification-retail-0277/FP32",),
        docker=_omz("person-reidentification-retail-0277"),
    ),
    Row(
        path="openvino/omz/intel/semantic-segmentation-adas-0001",
        name="openvino-omz-semantic-segmentation-adas-0001-adopted",
        display="Semantic segmentation for ADAS",
        type="detector",
        framework="openvino",
        imports=("import cv2",),
        docker=_omz("semantic-segmentation-adas-0001"),
        labels=[{"id": i, "name": f"class {i}", "type": "any"} for i in range(21)],
    ),
    Row(
        path="openvino/omz/intel/text-detection-0004",
        name="openvino-omz-intel-text-detection-0004-adopted",
        display="Text detection v4",
        type="detector",
        framework="openvino",
        imports=("import cv2", "from scipy.special import softmax"),
        docker=_omz("text-detection-0004"),
        labels=_rectangles("text"),
    ),
    Row(
        path="openvino/omz/public/faster_rcnn_inception_resnet_v2_atrous_coco",
        name="openvino-omz-public-faster-rcnn-adopted",
        display="Faster RCNN",
        type="detector",
        framework="openvino",
        docker=_omz("faster_rcnn_inception_resnet_v2_atrous_coco"),
        labels=SHARED_LABELS,
    ),
    Row(
        path="openvino/omz/public/mask_rcnn_inception_resnet_v2_atrous_coco",
        name="openvino-omz-public-mask-rcnn-adopted",
        display="Mask RCNN",
        type="detector",
        framework="openvino",
        imports=("from skimage.measure import approximate_polygon, find_contours",),
        threshold=0.2,
        docker=_omz("mask_rcnn_inception_resnet_v2_atrous_coco"),
        spec={"eventTimeout": "60s"},
        labels=_rectangles("person", "bicycle"),
    ),
    Row(
        path="openvino/omz/public/yolo-v3-tf",
        name="openvino-omz-public-yolo-v3-tf-adopted",
        display="YOLO v3",
        type="detector",
        framework="openvino",
        docker=_omz("yolo-v3-tf"),
        labels=_rectangles("person", "bicycle"),
        trigger={"numWorkers": None, "maxWorkers": 2},
    ),
    Row(
        path="pytorch/dschoerk/transt",
        name="pth-dschoerk-transt",
        display="TransT",
        type="tracker",
        framework="pytorch",
        imports=("import jsonpickle", "import torch"),
        gpu=True,
        steps=(_PIP, ("RUN", "gdown 1Pq0sK-9jmbLAVtgB9-dPDc2pipCxYdM5")),
        trigger={"numWorkers": 1, "attributes": {"maxRequestBodySize": 268435456}},
        spec={"env": [{"name": "PYTHONPATH", "value": "/opt/nuclio/trt"}]},
    ),
    Row(
        path="pytorch/facebookresearch/detectron2/retinanet_r101",
        name="pth-facebookresearch-detectron2-retinanet-r101-adopted",
        display="RetinaNet R101",
        type="detector",
        framework="pytorch",
        imports=("import torch", "from detectron2.engine import DefaultPredictor"),
        gpu=True,
        steps=(
            _PIP,
            ("RUN", "git clone https://github.com/facebookresearch/detectron2"),
            (
                "RUN",
                "curl -O https://dl.fbaipublicfiles.com/detectron2/COCO-Detection/"
                "retinanet_R_101_FPN_3x/190397697/model_final_971ab9.pkl",
            ),
        ),
        labels=_rectangles("person", "traffic_light"),
    ),
    Row(
        path="pytorch/facebookresearch/sam",
        name="pth-facebookresearch-sam-vit-h",
        display="Segment Anything",
        type="interactor",
        framework="pytorch",
        form="embedding",
        imports=("import torch", "from segment_anything import sam_model_registry"),
        gpu=True,
        steps=(
            ("RUN", "curl -O https://dl.fbaipublicfiles.com/segment_anything/sam_vit_h_4b8939.pth"),
        ),
        annotations={"version": "2", "min_pos_points": "1", "min_neg_points": "0"},
    ),
    Row(
        path="pytorch/foolwood/siammask",
        name="pth-foolwood-siammask-adopted",
        display="SiamMask",
        type="tracker",
        framework="pytorch",
        imports=("import sys", "import torch", "sys.path.append('/opt/nuclio/SiamMask')"),
        gpu=True,
        steps=(("RUN", "curl -O http://www.robots.ox.ac.uk/~qwang/SiamMask_DAVIS.pth"),),
        spec={"env": [{"name": "PYTHONPATH", "value": "/opt/nuclio/SiamMask"}]},
    ),
    Row(
        path="pytorch/mmpose/hrnet32",
        name="pth-mmpose-hrnet32",
        display="Human pose estimation",
        type="detector",
        framework="pytorch",
        imports=("import torch", "from mmpose.apis import MMPoseInferencer"),
        base="python:3.8",
        threshold=0.55,
        steps=(("RUN", "pip install openmim && mim install mmpose"),),
        labels=[
            {
                "name": "pair",
                "type": "skeleton",
                "svg": '<line x1="10" y1="10" x2="90" y2="90" data-type="edge" data-node-from="1" '
                'data-node-to="2"></line><circle r="1" cx="10" cy="10" data-type="element node" '
                'data-element-id="1" data-node-id="1" data-label-name="1"></circle><circle r="1" '
                'cx="90" cy="90" data-type="element node" data-element-id="2" data-node-id="2" '
                'data-label-name="2"></circle>',
                "id": 0,
                "sublabels": [
                    {"id": 0, "name": "1", "type": "points"},
                    {"id": 1, "name": "2", "type": "points"},
                ],
            }
        ],
    ),
    Row(
        path="pytorch/saic-vul/fbrs",
        name="pth-saic-vul-fbrs-adopted",
        display="f-BRS",
        type="interactor",
        framework="pytorch",
        imports=("import torch",),
        steps=(("RUN", "gdown https://drive.google.com/uc?id=1Z9dQtpWVTobEdmUBntpUU0pJl-pEXUwR"),),
        annotations={"version": "2", "min_pos_points": "1", "min_neg_points": "0"},
        spec={"runtime": "python:3.9", "env": [{"name": "PYTHONPATH", "value": "/opt/nuclio/f"}]},
    ),
    Row(
        path="pytorch/saic-vul/hrnet",
        name="pth-saic-vul-hrnet",
        display="HRNET",
        type="interactor",
        framework="pytorch",
        imports=("import torch",),
        gpu=True,
        steps=(
            (
                "RUN",
                "wget https://github.com/saic-vul/ritm_interactive_segmentation/releases/download/"
                "v1.0/coco_lvis_h18_itermask.pth",
            ),
        ),
        annotations={"version": "2", "min_pos_points": "1", "min_neg_points": "0"},
        trigger={"numWorkers": 1},
        spec={
            "resources": {"limits": {"cpu": "2", "memory": "4Gi"}},
            "env": [
                {"name": "MODEL_PATH", "value": "/opt/nuclio/coco_lvis_h18_itermask.pth"},
                {"name": "HRNET_SIZE", "value": 18},
            ],
        },
    ),
    Row(
        path="pytorch/shiyinzhang/iog",
        name="pth.shiyinzhang.iog.adopted",
        display="IOG",
        type="interactor",
        framework="pytorch",
        imports=("import torch",),
        base="continuumio/miniconda3",
        steps=(("RUN", "conda create -y -n iog python=3.6"), ("SHELL", '["conda", "run"]')),
        annotations={
            "version": "2",
            "min_pos_points": "1",
            "min_neg_points": "0",
            "startswith_box": True,
        },
    ),
    Row(
        path="tensorflow/faster_rcnn_inception_v2_coco",
        name="tf-faster-rcnn-inception-v2-coco-adopted",
        display="Faster RCNN via Tensorflow",
        type="detector",
        framework="tensorflow",
        imports=("import tensorflow.compat.v1 as tf",),
        gpu=True,
        base="tensorflow/tensorflow:2.16.1",
        steps=(
            (
                "RUN",
                "curl -O http://download.tensorflow.org/models/object_detection/"
                "faster_rcnn_inception_v2_coco_2018_01_28.tar.gz && tar -xzf *.gz",
            ),
        ),
        labels=_rectangles("person", "bicycle"),
    ),
    Row(
        path="tensorflow/matterport/mask_rcnn",
        name="tf-matterport-mask-rcnn-adopted",
        display="Mask RCNN via Tensorflow",
        type="detector",
        framework="tensorflow",
        imports=("import tensorflow", "from mrcnn import model as modellib"),
        threshold=0.2,
        base="tensorflow/tensorflow:1.13.1-py3",
        steps=(
            (
                "RUN",
                "curl -L https://github.com/matterport/Mask_RCNN/releases/download/v2.0/"
                "mask_rcnn_coco.h5 -o /opt/nuclio/Mask_RCNN/mask_rcnn_coco.h5",
            ),
        ),
        annotations={"framework": "tensorflow"},
        # As CVAT 1.4 wrote it, without types.
        labels=[{"id": 0, "name": "BG"}, {"id": 1, "name": "person"}],
    ),
)
