const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASKED = 0x80;
const OPCODE = 0x0f;
const CLOSE = 0x8;
/** Two bytes, eight of length, four of mask. */
const LONGEST_HEADER_BYTES = 14;

/**
 * Follows the frames of one direction of a WebSocket without touching them, so that a frame of our own can be put
 * between two of theirs. A few steps for each frame, nothing for its payload.
 */
export class FrameBoundary {
  /** Whether a close frame has passed: then nothing may follow it. */
  closed = false;
  #header: Buffer | undefined;
  #headerBytes = 0;
  #payloadBytes = 0;

  /** Whether the last byte that passed was the last of a frame. */
  get isBetweenFrames(): boolean {
    return this.#payloadBytes === 0 && this.#headerBytes === 0;
  }

  /** Passes bytes by. */
  follow(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadBytes > 0) {
        const passed = Math.min(this.#payloadBytes, chunk.length - at);
        this.#payloadBytes -= passed;
        at += passed;
      } else {
        at += this.#followHeader(chunk, at);
      }
    }
  }

  /** Takes header bytes up to the end of the header or of the chunk; answers how many. */
  #followHeader(chunk: Buffer, start: number): number {
    if (this.#headerBytes === 0) {
      const length = headerLength(chunk, start, chunk.length - start);
      if (length > 0) {
        this.#begin(chunk, start);
        return length;
      }
    }
    this.#header ??= Buffer.allocUnsafe(LONGEST_HEADER_BYTES);
    this.#header[this.#headerBytes++] = chunk[start] as number;
    if (headerLength(this.#header, 0, this.#headerBytes) === this.#headerBytes) {
      this.#headerBytes = 0;
      this.#begin(this.#header, 0);
    }
    return 1;
  }

  #begin(bytes: Buffer, at: number): void {
    if (((bytes[at] as number) & OPCODE) === CLOSE) this.closed = true;
    const length = (bytes[at + 1] as number) & ~MASKED;
    if (length === LENGTH_16) this.#payloadBytes = bytes.readUInt16BE(at + 2);
    else if (length === LENGTH_64)
      this.#payloadBytes = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
    else this.#payloadBytes = length;
  }
}

/** Length of the header that begins at `at`; 0 when the `available` bytes do not hold it all. */
function headerLength(bytes: Buffer, at: number, available: number): number {
  if (available < 2) return 0;
  const second = bytes[at + 1] as number;
  const length = second & ~MASKED;
  const whole = 2 + (length === LENGTH_64 ? 8 : length === LENGTH_16 ? 2 : 0) + (second & MASKED ? 4 : 0);
  return available >= whole ? whole : 0;
}

/** A close frame with a code, as a server sends it, or masked as a client does. */
export function closeFrame(code: number, masked: boolean): Buffer {
  const payload = [code >> 8, code & 0xff];
  // A mask of zeros is a mask: it protects nothing here, where the payload is ours.
  return Buffer.from(masked ? [0x88, MASKED | 2, 0, 0, 0, 0, ...payload] : [0x88, 2, ...payload]);
}
