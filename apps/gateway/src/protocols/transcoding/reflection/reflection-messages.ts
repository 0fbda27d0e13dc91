import protobuf from 'protobufjs';

/** grpc/reflection/v1/reflection.proto, as far as it is needed; v1alpha is the same on the wire. */
const { root } = protobuf.parse(`
syntax = "proto3";
message Request {
  string host = 1;
  oneof ask { string file_by_filename = 3; string file_containing_symbol = 4; string list_services = 7; }
}
message Response {
  Files file_descriptor_response = 4;
  Services list_services_response = 6;
  Failure error_response = 7;
}
message Files { repeated bytes file_descriptor_proto = 1; }
message Services { repeated Service service = 1; }
message Service { string name = 1; }
message Failure { int32 error_code = 1; string error_message = 2; }
`);
const Request = root.lookupType('Request');
const Response = root.lookupType('Response');

/** One question of the protocol. */
export interface ReflectionQuestion {
  fileByFilename?: string;
  fileContainingSymbol?: string;
  listServices?: string;
}

/** Its answer. */
export interface ReflectionAnswer {
  fileDescriptorResponse?: { fileDescriptorProto?: Uint8Array[] } | null;
  listServicesResponse?: { service?: { name: string }[] } | null;
  errorResponse?: { errorCode: number; errorMessage: string } | null;
}

export const questionBytes = (question: ReflectionQuestion): Uint8Array =>
  Request.encode(Request.create(question)).finish();

export const answerOf = (bytes: Uint8Array): ReflectionAnswer => Response.decode(bytes) as unknown as ReflectionAnswer;
