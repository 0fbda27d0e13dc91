import { RookeryError } from '@rookery/observability';
import { fromProto3JSON, type JSONValue } from 'proto3-json-serializer';
import protobuf from 'protobufjs';
import { fieldOf, type HttpMatch } from './http-bindings.ts';

type Json = Record<string, unknown>;

const WHOLE_32 = new Set(['int32', 'uint32', 'sint32', 'fixed32', 'sfixed32']);
const WHOLE_64 = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64']);
const BROKEN = new Set(['double', 'float']);
const FLOAT_NAMES = new Set(['NaN', 'Infinity', '-Infinity']);
/** Messages whose JSON is not an object of their fields. */
const OWN_JSON = /^\.google\.protobuf\.(?:Timestamp|Duration|FieldMask|Struct|Value|ListValue|Any|\w+Value)$/;
const MAX_DEPTH = 64;

const wrong = (path: string, expected: string) =>
  new RookeryError('MESSAGE_INVALID', `${path || 'The body'}: expected ${expected}.`, {
    status: 400,
    details: { path, expected },
  });

/** The bytes of the message that an HTTP request means: what its body, its path and its query say. */
export function requestBytes({ binding, values }: HttpMatch, query: URLSearchParams, body: unknown): Uint8Array {
  const { request, body: bodyField } = binding;
  const message: Json = {};
  if (bodyField === '*') Object.assign(message, asObject(body));
  else if (bodyField !== undefined) message[protobuf.util.camelCase(bodyField)] = body;
  check(request, message, '', 0);
  // With the whole message in the body, the query has no say (google.api.http).
  if (bodyField !== '*')
    for (const name of new Set(query.keys())) put(message, request, name.split('.'), query.getAll(name));
  for (const { path, value } of values) put(message, request, path, [value]);
  const decoded = fromProto3JSON(request, message as JSONValue);
  return request.encode(decoded ?? request.create()).finish();
}

function asObject(body: unknown): Json {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw wrong('', 'an object');
  return body as Json;
}

/** Puts a text of the path or the query where it belongs. */
function put(message: Json, type: protobuf.Type, path: readonly string[], texts: readonly string[]): void {
  const where = path.join('.');
  const field = fieldOf(type, path);
  if (!field || path.length > MAX_DEPTH) throw wrong(where, 'no such field');
  let at = message;
  for (const name of path.slice(0, -1)) {
    const key = protobuf.util.camelCase(name);
    if (typeof at[key] !== 'object' || at[key] === null) at[key] = {};
    at = at[key] as Json;
  }
  const values = texts.map((text) => scalar(field, text, where));
  if (values.length > 1 && !field.repeated) throw wrong(where, 'one value');
  at[field.name] = field.repeated ? values : values[0];
}

/** A text as the JSON value of its field. */
function scalar(field: protobuf.Field, text: string, where: string): unknown {
  if (field.map) throw wrong(where, 'no map in a path or a query');
  if (field.type === 'bool') {
    if (text !== 'true' && text !== 'false') throw wrong(where, 'true or false');
    return text === 'true';
  }
  if (field.resolvedType instanceof protobuf.Type) {
    if (!OWN_JSON.test(field.resolvedType.fullName)) throw wrong(where, 'the name of a field inside');
    const wrapped = /\.(?:Int32|UInt32|Double|Float)Value$/.test(field.resolvedType.fullName);
    if (field.resolvedType.name === 'BoolValue') return text === 'true';
    return wrapped ? Number(text) : text;
  }
  if (field.resolvedType && /^-?\d+$/.test(text)) return Number(text);
  const value =
    WHOLE_32.has(field.type) || BROKEN.has(field.type) ? (FLOAT_NAMES.has(text) ? text : Number(text)) : text;
  if (text === '' && value === 0) throw wrong(where, 'a number');
  checkScalar(field, value, where);
  return value;
}

/** Throws where JSON does not fit its message: the serializer would leave it out, or write a zero. Names become those of JSON. */
function check(type: protobuf.Type, json: unknown, where: string, depth: number): void {
  if (depth > MAX_DEPTH) throw wrong(where, `at most ${MAX_DEPTH} levels`);
  if (OWN_JSON.test(type.fullName)) return;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong(where, 'an object');
  for (const [name, value] of Object.entries(json)) {
    const path = where ? `${where}.${name}` : name;
    const field = fieldOf(type, [name]);
    if (!field) throw wrong(path, 'no such field');
    if (name !== field.name) rename(json as Json, name, field.name, path);
    if (value === null || value === undefined) continue;
    if (field.map) {
      if (typeof value !== 'object' || Array.isArray(value)) throw wrong(path, 'an object');
      for (const [key, each] of Object.entries(value)) checkOne(field, each, `${path}.${key}`, depth);
    } else if (field.repeated) {
      if (!Array.isArray(value)) throw wrong(path, 'an array');
      for (const [at, each] of value.entries()) checkOne(field, each, `${path}.${at}`, depth);
    } else {
      checkOne(field, value, path, depth);
    }
  }
}

/** Gives a field that stands there as its file writes it the name that JSON has for it. */
function rename(json: Json, name: string, jsonName: string, where: string): void {
  if (jsonName in json) throw wrong(where, 'each field once');
  json[jsonName] = json[name];
  delete json[name];
}

function checkOne(field: protobuf.Field, value: unknown, where: string, depth: number): void {
  if (field.resolvedType instanceof protobuf.Type) check(field.resolvedType, value, where, depth + 1);
  else checkScalar(field, value, where);
}

function checkScalar({ type, resolvedType }: protobuf.Field, value: unknown, where: string): void {
  if (resolvedType instanceof protobuf.Enum) {
    const { values } = resolvedType;
    if (typeof value === 'number' ? !Number.isInteger(value) : !(String(value) in values))
      throw wrong(where, `one of ${Object.keys(values).join(', ')}`);
  } else if (type === 'bool') {
    if (typeof value !== 'boolean') throw wrong(where, 'true or false');
  } else if (WHOLE_32.has(type)) {
    const number = Number(value);
    const [least, most] = type.startsWith('u') || type === 'fixed32' ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
    if (value === '' || typeof value === 'boolean' || !Number.isInteger(number) || number < least || number > most)
      throw wrong(where, `a whole number from ${least} to ${most}`);
  } else if (WHOLE_64.has(type)) {
    if (!/^-?\d{1,20}$/.test(String(value)) || (typeof value === 'number' && !Number.isSafeInteger(value)))
      throw wrong(where, 'a whole number; as text beyond 2^53');
  } else if (BROKEN.has(type)) {
    if (value === '' || typeof value === 'boolean' || (Number.isNaN(Number(value)) && value !== 'NaN'))
      throw wrong(where, 'a number');
  } else if (typeof value !== 'string') {
    throw wrong(where, type === 'bytes' ? 'base64' : 'text');
  }
}
