/** ZooKeeper's serialisation: big-endian numbers, and lengths before texts, bytes and lists. */
export class JuteWriter {
  readonly #parts: Buffer[] = [];

  int(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32BE(value);
    this.#parts.push(part);
    return this;
  }

  long(value: bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(value);
    this.#parts.push(part);
    return this;
  }

  bool(value: boolean): this {
    this.#parts.push(Buffer.from([value ? 1 : 0]));
    return this;
  }

  bytes(value: Buffer): this {
    this.int(value.length);
    this.#parts.push(value);
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  /** With its length before it, as it goes over the wire. */
  frame(): Buffer {
    const body = Buffer.concat(this.#parts);
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length);
    return Buffer.concat([length, body]);
  }
}

/** Throws a RangeError where the bytes end too soon. */
export class JuteReader {
  #at = 0;

  constructor(private readonly buffer: Buffer) {}

  int(): number {
    this.#at += 4;
    return this.buffer.readInt32BE(this.#at - 4);
  }

  long(): bigint {
    this.#at += 8;
    return this.buffer.readBigInt64BE(this.#at - 8);
  }

  bool(): boolean {
    this.#at += 1;
    return this.buffer.readInt8(this.#at - 1) !== 0;
  }

  bytes(): Buffer {
    const length = Math.max(this.int(), 0);
    this.#at += length;
    return this.buffer.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.bytes().toString();
  }

  texts(): string[] {
    return Array.from({ length: Math.max(this.int(), 0) }, () => this.text());
  }
}

/** Cuts a stream of bytes into frames; throws where one is longer than the limit. */
export function frames(limitBytes: number): (chunk: Buffer) => Buffer[] {
  let rest: Buffer[] = [];
  let restBytes = 0;
  return (chunk) => {
    rest.push(chunk);
    restBytes += chunk.length;
    const found: Buffer[] = [];
    while (restBytes >= 4) {
      const all = rest.length === 1 ? (rest[0] as Buffer) : Buffer.concat(rest);
      const length = all.readInt32BE(0);
      if (length < 0 || length > limitBytes) throw new Error(`a message of ${length} bytes`);
      rest = [all];
      if (all.length < 4 + length) break;
      found.push(all.subarray(4, 4 + length));
      rest = [all.subarray(4 + length)];
      restBytes = all.length - 4 - length;
    }
    return found;
  };
}
