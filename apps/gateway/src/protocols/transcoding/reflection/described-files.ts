import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { wellKnownFile } from '../proto-files.ts';

/** descriptor.proto with the extension google.api.http in it, which protobufjs' own reader of descriptors drops. */
const described = new protobuf.Root();
described.resolvePath = (_origin, target) => wellKnownFile(target);
described.loadSync(['google/protobuf/descriptor.proto', 'google/api/annotations.proto']);
const rule = described.lookupType('google.api.HttpRule');
// The http.proto that comes with protobufjs is from before this field.
if (!rule.fields.responseBody) rule.add(new protobuf.Field('responseBody', 12, 'string'));
described.resolveAll();
/** google.protobuf.FileDescriptorProto, with the annotations of its methods. */
export const FileDescriptor = described.lookupType('google.protobuf.FileDescriptorProto');
const HTTP = '.google.api.http';

/** What protobufjs/ext/descriptor adds, which its types do not say. */
interface FromDescriptor {
  fromDescriptor(descriptor: object): protobuf.Root;
}

interface FileDescriptorMessage {
  package?: string;
  messageType?: MessageDescriptor[];
}

interface Described {
  name: string;
  package?: string;
  dependency?: string[];
  service?: { name: string; method?: { name: string; options?: Record<string, unknown> }[] }[];
}

interface MessageDescriptor {
  name: string;
  options?: { mapEntry?: boolean };
  field?: { name: string }[];
  nestedType?: MessageDescriptor[];
}

/** Name and imports of a FileDescriptorProto. */
export function readFile(bytes: Uint8Array): { name: string; dependencies: readonly string[] } {
  const { name, dependency = [] } = FileDescriptor.decode(bytes) as unknown as Described;
  return { name, dependencies: dependency };
}

/** The types and services of FileDescriptorProtos, as if their .proto files had been read. */
export function rootOf(files: readonly Uint8Array[]): protobuf.Root {
  const mapEntries = new Set<string>();
  const file = files.map((bytes) => {
    const decoded = descriptor.FileDescriptorProto.decode(bytes) as unknown as FileDescriptorMessage;
    for (const message of decoded.messageType ?? [])
      prepare(message, decoded.package ? `.${decoded.package}` : '', mapEntries);
    return decoded;
  });
  const read = (protobuf.Root as unknown as FromDescriptor).fromDescriptor({ file });
  for (const type of typesIn(read)) makeMaps(type, mapEntries);
  // Made anew: the constructors of its messages still have lists where the maps are.
  const root = protobuf.Root.fromJSON(read.toJSON());
  for (const bytes of files) addHttpRules(root, FileDescriptor.decode(bytes) as unknown as Described);
  root.resolveAll();
  return root;
}

/** Names fields as protobufjs does when it reads files, and notes which types are the entries of maps. */
function prepare(message: MessageDescriptor, namespace: string, mapEntries: Set<string>): void {
  const { name, options, field = [], nestedType = [] } = message;
  const fullName = `${namespace}.${name}`;
  if (options?.mapEntry) mapEntries.add(fullName);
  for (const each of field) each.name = protobuf.util.camelCase(each.name);
  for (const nested of nestedType) prepare(nested, fullName, mapEntries);
}

const typesIn = (namespace: protobuf.NamespaceBase): protobuf.Type[] =>
  namespace.nestedArray.flatMap((nested) => {
    if (!(nested instanceof protobuf.Namespace)) return [];
    return nested instanceof protobuf.Type ? [nested, ...typesIn(nested)] : typesIn(nested);
  });

/** In a descriptor a map is a list of entries of a type of its own. */
function makeMaps(type: protobuf.Type, mapEntries: ReadonlySet<string>): void {
  for (const field of type.fieldsArray) {
    const entry = field.resolvedType;
    if (!field.repeated || !(entry instanceof protobuf.Type) || !mapEntries.has(entry.fullName)) continue;
    const { key, value } = entry.fields;
    if (!key || !value) continue;
    type.remove(field);
    type.add(new protobuf.MapField(field.name, field.id, key.type, value.resolvedType?.fullName ?? value.type));
  }
}

function addHttpRules(root: protobuf.Root, file: Described): void {
  for (const { name, method = [] } of file.service ?? []) {
    const service = root.lookupService(file.package ? `${file.package}.${name}` : name);
    for (const { name: methodName, options } of method) {
      const rule = options?.[HTTP];
      const target = service.methods[methodName];
      if (rule && target) target.parsedOptions = [{ '(google.api.http)': asInFile(rule as HttpRule) }];
    }
  }
}

interface HttpRule extends Record<string, unknown> {
  responseBody?: string;
  additionalBindings?: HttpRule[];
}

/** The rule with the names that it has in a .proto file. */
function asInFile(rule: HttpRule): Record<string, unknown> {
  const { responseBody, additionalBindings = [], ...rest } = { ...rule };
  return { ...rest, response_body: responseBody, additional_bindings: additionalBindings.map(asInFile) };
}
