"""RetinaNet with ResNet-101, detectron2's detector of 80 classes of everyday objects."""
