import { RookeryError } from '@rookery/observability';

const PREFIX_BYTES = 5;

/** A message as gRPC puts it on the wire, not compressed. */
export function toFrame(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** The messages in a stream of bytes, each as soon as it is whole. */
export async function* messagesOf(bytes: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= PREFIX_BYTES) {
      const length = rest.readUInt32BE(1);
      if (rest[0] !== 0) throw unreadable('it is compressed, which nobody asked for');
      if (length > limitBytes) throw unreadable(`it is larger than ${limitBytes} bytes`);
      if (rest.length < PREFIX_BYTES + length) break;
      yield rest.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
      rest = rest.subarray(PREFIX_BYTES + length);
    }
  }
  if (rest.length > 0) throw unreadable('it ends in its middle');
}

const unreadable = (reason: string) =>
  new RookeryError('UPSTREAM_FAILED', `A message of the service cannot be read: ${reason}.`, { status: 502 });
