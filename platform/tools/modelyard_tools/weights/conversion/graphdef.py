"""TensorFlow's GraphDef messages, as far as frozen inference graphs need them.

The numbers and names below are TensorFlow's public wire format (graph.proto, node_def.proto,
attr_value.proto, tensor.proto, tensor_shape.proto, types.proto). Declaring them here needs the
`protobuf` package alone; the packages that ship the generated modules (tensorflow, tensorboard)
bring hundreds of megabytes or a web server with them.
"""

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE: Final = "modelyard.graphdef"
_Field = descriptor_pb2.FieldDescriptorProto

_SCALARS: Final = {
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
    "double": _Field.TYPE_DOUBLE,
    "float": _Field.TYPE_FLOAT,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
}

_DATA_TYPES: Final = {
    "DT_INVALID": 0,
    "DT_FLOAT": 1,
    "DT_DOUBLE": 2,
    "DT_INT32": 3,
    "DT_UINT8": 4,
    "DT_INT16": 5,
    "DT_INT8": 6,
    "DT_STRING": 7,
    "DT_COMPLEX64": 8,
    "DT_INT64": 9,
    "DT_BOOL": 10,
    "DT_UINT16": 17,
    "DT_HALF": 19,
}

# message -> (number, type, name); a trailing `*` on the type means repeated.
_MESSAGES: Final[dict[str, tuple[tuple[int, str, str], ...]]] = {
    "Dim": ((1, "int64", "size"), (2, "string", "name")),
    "TensorShape": ((2, "Dim*", "dim"), (3, "bool", "unknown_rank")),
    "Tensor": (
        (1, "DataType", "dtype"),
        (2, "TensorShape", "tensor_shape"),
        (4, "bytes", "tensor_content"),
        (5, "float*", "float_val"),
        (6, "double*", "double_val"),
        (7, "int32*", "int_val"),
        (8, "bytes*", "string_val"),
        (10, "int64*", "int64_val"),
        (11, "bool*", "bool_val"),
    ),
    "ListValue": (
        (2, "bytes*", "s"),
        (3, "int64*", "i"),
        (4, "float*", "f"),
        (5, "bool*", "b"),
        (6, "DataType*", "type"),
        (7, "TensorShape*", "shape"),
        (8, "Tensor*", "tensor"),
    ),
    "AttrValue": (
        (1, "ListValue", "list"),
        (2, "bytes", "s"),
        (3, "int64", "i"),
        (4, "float", "f"),
        (5, "bool", "b"),
        (6, "DataType", "type"),
        (7, "TensorShape", "shape"),
        (8, "Tensor", "tensor"),
    ),
    "AttrEntry": ((1, "string", "key"), (2, "AttrValue", "value")),
    "NodeDef": (
        (1, "string", "name"),
        (2, "string", "op"),
        (3, "string*", "input"),
        (4, "string", "device"),
        (5, "AttrEntry*", "attr"),
    ),
    "GraphDef": ((1, "NodeDef*", "node"),),
}


def _declare_field(message: Any, number: int, kind: str, name: str) -> None:
    field = message.field.add(number=number, name=name)
    field.label = _Field.LABEL_REPEATED if kind.endswith("*") else _Field.LABEL_OPTIONAL
    kind = kind.rstrip("*")
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = _Field.TYPE_ENUM if kind == "DataType" else _Field.TYPE_MESSAGE
        # The entry type of a map has to be declared inside the message that holds the map.
        scope = "NodeDef.AttrEntry" if kind == "AttrEntry" else kind
        field.type_name = f".{_PACKAGE}.{scope}"


def _declare_file() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="modelyard/graphdef.proto", package=_PACKAGE, syntax="proto3"
    )
    data_type = file.enum_type.add(name="DataType")
    for name, number in _DATA_TYPES.items():
        data_type.value.add(name=name, number=number)
    entry = descriptor_pb2.DescriptorProto(name="AttrEntry")
    for name, fields in _MESSAGES.items():
        message = entry if name == "AttrEntry" else file.message_type.add(name=name)
        for number, kind, field_name in fields:
            _declare_field(message, number, kind, field_name)
        if name == "AttrValue":
            # In a oneof, a value is written even if it is zero, false or empty.
            message.oneof_decl.add(name="value")
            for field in message.field:
                field.oneof_index = 0
        if name == "NodeDef":
            entry.options.map_entry = True
            message.nested_type.append(entry)
    return file


def _build(name: str) -> Any:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_declare_file())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


GraphDef: Final[Any] = _build("GraphDef")
"""A graph: `node` is a list of NodeDef(name, op, input, device, attr: name -> AttrValue)."""

DATA_TYPES: Final = _DATA_TYPES
"""TensorFlow's DataType numbers by name."""
