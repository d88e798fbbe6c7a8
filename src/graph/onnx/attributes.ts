/** Attributes of nodes between our form and ONNX's messages. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AppError } from "../../base/errors.ts";
import type { Attributes, AttributeType, AttributeValue } from "../op.ts";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as Kind,
  type NodeProto,
} from "./generated/onnx_pb.ts";
import { decodeTensor, encodeTensor } from "./tensors.ts";
import { unreadable, type Where } from "./unreadable.ts";

/** Each type of attribute that we have: its number, and the field of the message that holds it. */
const kinds = {
  float: Kind.FLOAT,
  int: Kind.INT,
  string: Kind.STRING,
  tensor: Kind.TENSOR,
  floats: Kind.FLOATS,
  ints: Kind.INTS,
  strings: Kind.STRINGS,
} as const satisfies Record<AttributeType, Kind>;

type Fields = Pick<
  MessageInitShape<typeof AttributeProtoSchema>,
  "f" | "i" | "s" | "t" | "floats" | "ints" | "strings"
>;

const text = { encode: new TextEncoder(), decode: new TextDecoder() };

export function encodeAttributes(
  types: Readonly<Record<string, AttributeType>>,
  attributes: Attributes,
): readonly AttributeProto[] {
  return Object.entries(attributes).map(([name, value]) => {
    const type = types[name];
    if (!type) throw new AppError("INTERNAL", { required: "an attribute that the op declares", received: name });
    return create(AttributeProtoSchema, { name, type: kinds[type], ...fieldOf(type, value) });
  });
}

function fieldOf(type: AttributeType, value: AttributeValue): Fields {
  if (typeof value === "number") return type === "float" ? { f: value } : { i: BigInt(value) };
  if (typeof value === "string") return { s: text.encode.encode(value) };
  if ("dtype" in value) return { t: encodeTensor(value) };
  const numbers = value.filter((item) => typeof item === "number");
  if (type === "floats") return { floats: numbers };
  if (type === "ints") return { ints: numbers.map(BigInt) };
  return { strings: value.map((item) => text.encode.encode(String(item))) };
}

/**
 * A node's attributes and their types. Errors: MODEL_UNREADABLE for subgraphs and other types that
 * we do not have.
 */
export function decodeAttributes(node: NodeProto, where: Where) {
  const decoded = node.attribute.map((attribute) => [attribute.name, decodeAttribute(attribute, node, where)] as const);
  // From entries, where `__proto__` is a name like any other.
  const attributes: Attributes = Object.fromEntries(decoded.map(([name, [, value]]) => [name, value]));
  const types: Readonly<Record<string, AttributeType>> = Object.fromEntries(
    decoded.map(([name, [type]]) => [name, type]),
  );
  return { attributes, types };
}

function decodeAttribute(
  attribute: AttributeProto,
  node: NodeProto,
  where: Where,
): readonly [type: AttributeType, value: AttributeValue] {
  const integer = (value: bigint): number => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw unreadable("integer attributes of at most 53 bits", `${attribute.name} = ${value} of ${node.opType}`, where);
  };
  switch (attribute.type) {
    case Kind.FLOAT:
      return ["float", attribute.f];
    case Kind.INT:
      return ["int", integer(attribute.i)];
    case Kind.STRING:
      return ["string", text.decode.decode(attribute.s)];
    case Kind.FLOATS:
      return ["floats", attribute.floats];
    case Kind.INTS:
      return ["ints", attribute.ints.map(integer)];
    case Kind.STRINGS:
      return ["strings", attribute.strings.map((bytes) => text.decode.decode(bytes))];
    case Kind.TENSOR:
      if (attribute.t) return ["tensor", decodeTensor(attribute.t, where)];
  }
  const received = `${attribute.name} of ${node.opType}, of type ${Kind[attribute.type] ?? attribute.type}`;
  throw unreadable("attributes that are numbers, strings, lists of them or tensors", received, where);
}
