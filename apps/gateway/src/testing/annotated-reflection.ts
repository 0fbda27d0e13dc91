import { type Server, type ServiceDefinition, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { loadProtoFiles } from '../protocols/transcoding/proto-files.ts';
import { FileDescriptor } from '../protocols/transcoding/reflection/described-files.ts';

const { root } = protobuf.parse(`
syntax = "proto3";
message Request { string host = 1; string file_by_filename = 3; string file_containing_symbol = 4; string list_services = 7; }
message Response { string valid_host = 1; Request original_request = 2; Files file_descriptor_response = 4;
  Services list_services_response = 6; Failure error_response = 7; }
message Files { repeated bytes file_descriptor_proto = 1; }
message Services { repeated Service service = 1; }
message Service { string name = 1; }
message Failure { int32 error_code = 1; string error_message = 2; }
`);
const Request = root.lookupType('Request');
const Response = root.lookupType('Response');

interface Message {
  field?: { name: string }[];
  nestedType?: Message[];
}

interface File {
  name: string;
  package: string;
  dependency?: string[];
  messageType?: Message[];
  service?: { name: string; method: { name: string; options?: object }[] }[];
}

interface Asked {
  fileByFilename: string;
  fileContainingSymbol: string;
}

/**
 * Server reflection as servers in Go, Java and C++ have it: with the annotations in the descriptors, and names as they
 * stand in the files, which the package @grpc/reflection leaves out.
 */
export class AnnotatedReflection {
  readonly #files = new Map<string, { file: File; bytes: Uint8Array }>();
  /** Questions that were asked. */
  asked = 0;

  /** @param descriptors FileDescriptorProtos without annotations, in which those of the .proto file are put. */
  constructor(descriptors: readonly Uint8Array[], protoFile: string) {
    const annotated = loadProtoFiles([protoFile], []);
    const files = descriptors.map((bytes) => FileDescriptor.toObject(FileDescriptor.decode(bytes)) as File);
    const names = [...new Set(files.map(({ name }) => name))];
    for (const file of files) {
      if (this.#files.has(file.name)) continue;
      for (const message of file.messageType ?? []) nameAsInFile(message);
      for (const { name, method } of file.service ?? []) {
        const source = annotated.lookupService(`${file.package}.${name}`);
        for (const each of method) {
          const [rule] = ((source.methods[each.name]?.parsedOptions ?? []) as Record<string, object>[]).flatMap(
            (option) => option['(google.api.http)'] ?? [],
          );
          if (rule) each.options = { '.google.api.http': camelCased(rule) };
        }
      }
      file.dependency = names.filter((name) => name !== file.name && file.service !== undefined);
      this.#files.set(file.name, { file, bytes: FileDescriptor.encode(FileDescriptor.fromObject(file)).finish() });
    }
  }

  addTo(server: Server, version: 'v1' | 'v1alpha'): void {
    const definition: ServiceDefinition = {
      serverReflectionInfo: {
        path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
        requestStream: true,
        responseStream: true,
        requestSerialize: (value: object) => Buffer.from(Request.encode(value).finish()),
        requestDeserialize: (bytes: Buffer) => Request.decode(bytes),
        responseSerialize: (value: object) => Buffer.from(Response.encode(Response.fromObject(value)).finish()),
        responseDeserialize: (bytes: Buffer) => Response.decode(bytes),
      },
    };
    server.addService(definition, {
      serverReflectionInfo: (call: import('@grpc/grpc-js').ServerDuplexStream<Asked, object>) => {
        call.on('data', (asked: Asked) => call.write(this.#answer(asked)));
        call.on('end', () => call.end());
      },
    });
  }

  #answer({ fileByFilename, fileContainingSymbol }: Asked): object {
    this.asked++;
    const all = [...this.#files.values()];
    const names = ({ file }: { file: File }) => (file.service ?? []).map(({ name }) => `${file.package}.${name}`);
    if (!fileByFilename && !fileContainingSymbol)
      return { listServicesResponse: { service: all.flatMap(names).map((name) => ({ name })) } };
    const found = fileByFilename
      ? this.#files.get(fileByFilename)
      : all.find((each) => names(each).includes(fileContainingSymbol));
    if (!found) return { errorResponse: { errorCode: status.NOT_FOUND, errorMessage: 'no such file' } };
    return { fileDescriptorResponse: { fileDescriptorProto: [found.bytes] } };
  }
}

function nameAsInFile({ field = [], nestedType = [] }: Message): void {
  for (const each of field) each.name = each.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  for (const nested of nestedType) nameAsInFile(nested);
}

const camelCased = (rule: object): object =>
  Object.fromEntries(
    Object.entries(rule).map(([name, value]) => [
      protobuf.util.camelCase(name),
      name === 'additional_bindings' ? [value].flat().map((each) => camelCased(each as object)) : value,
    ]),
  );
