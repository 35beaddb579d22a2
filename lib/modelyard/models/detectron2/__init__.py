"""detectron2 as it is, behind the functions of this folder: see docs/detectron2.md."""
