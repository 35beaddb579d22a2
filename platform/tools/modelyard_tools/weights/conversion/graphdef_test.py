"""GraphDef messages compared with bytes written by hand from the wire format."""

from google.protobuf import json_format

from modelyard_tools.weights.conversion.graphdef import DATA_TYPES, GraphDef


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field, shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


def test_a_node_has_tensorflows_bytes() -> None:
    graph = GraphDef()
    node = graph.node.add(name="x", op="Relu", input=["y"])
    node.attr["T"].type = DATA_TYPES["DT_FLOAT"]
    attribute = field(1, b"T") + field(2, bytes([6 << 3, 1]))
    expected = field(1, b"x") + field(2, b"Relu") + field(3, b"y") + field(5, attribute)
    assert graph.SerializeToString() == field(1, expected)


def test_a_tensor_has_tensorflows_bytes() -> None:
    graph = GraphDef()
    tensor = graph.node.add().attr["v"].tensor
    tensor.dtype = DATA_TYPES["DT_INT32"]
    tensor.tensor_shape.dim.add(size=2)
    tensor.tensor_content = b"\1\0\0\0\2\0\0\0"
    shape = field(2, bytes([1 << 3, 2]))
    expected = bytes([1 << 3, 3]) + field(2, shape) + field(4, b"\1\0\0\0\2\0\0\0")
    attribute = field(1, b"v") + field(2, field(8, expected))
    assert graph.SerializeToString() == field(1, field(5, attribute))


def test_values_that_are_zero_are_written() -> None:
    graph = GraphDef()
    graph.node.add().attr["b"].b = False
    attribute = field(1, b"b") + field(2, bytes([5 << 3, 0]))
    assert graph.SerializeToString() == field(1, field(5, attribute))


def test_lists_of_numbers_are_packed() -> None:
    graph = GraphDef()
    graph.node.add().attr["l"].list.i.extend([1, 2, 1])
    attribute = field(1, b"l") + field(2, field(1, field(3, b"\1\2\1")))
    assert graph.SerializeToString() == field(1, field(5, attribute))


def test_the_json_form_reads_camel_case_names_and_numbers_in_strings() -> None:
    attributes = {
        "shape": {"shape": {"dim": [{"size": "-1"}, {"size": 3}]}},
        "other": {"shape": {"unknownRank": True}},
        "dtype": {"type": "DT_FLOAT"},
        "strides": {"list": {"i": ["1", "2"]}},
        "padding": {"s": "U0FNRQ=="},
    }
    graph = json_format.ParseDict({"node": [{"name": "x", "attr": attributes}]}, GraphDef())
    read = graph.node[0].attr
    assert [dim.size for dim in read["shape"].shape.dim] == [-1, 3]
    assert read["other"].shape.unknown_rank
    assert read["dtype"].type == 1
    assert list(read["strides"].list.i) == [1, 2]
    assert read["padding"].s == b"SAME"
