import { type FlatHeaders, setHeader } from '../../request/flat-headers.ts';

/** The size of a chunk, and extensions that nobody reads. */
const SIZE_LINE =
  /^([0-9a-f]{1,12})(?:;[!#$%&'*+\-.^_`|~0-9a-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9a-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/i;
const TRAILER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/;
/** What says how a message ends stands at its beginning (RFC 9110, 6.5.1). */
const NEVER_A_TRAILER = new Set(['content-length', 'transfer-encoding']);
const MAX_LINE_BYTES = 4 * 1024;
const MAX_TRAILERS = 100;
const LF = 0x0a;

/** Takes a body in chunks (RFC 9112, 7.1) apart, by the letter: a lenient reader and a strict one would see two messages. */
export class ChunkedBody {
  readonly trailers: FlatHeaders = [];
  isWhole = false;
  #line = '';
  #leftBytes = 0;
  #expects: 'size' | 'data' | 'data-end' | 'trailer' = 'size';

  /** Reads on from `at`; answers the place behind the last byte that belongs to the body. Throws where it is none. */
  read(bytes: Buffer, at: number, onData: (chunk: Buffer) => void): number {
    let from = at;
    while (from < bytes.length && !this.isWhole) {
      if (this.#expects === 'data') {
        const end = Math.min(bytes.length, from + this.#leftBytes);
        this.#leftBytes -= end - from;
        if (this.#leftBytes === 0) this.#expects = 'data-end';
        onData(bytes.subarray(from, end));
        from = end;
        continue;
      }
      const feed = bytes.indexOf(LF, from);
      const end = feed < 0 ? bytes.length : feed + 1;
      this.#line += bytes.toString('latin1', from, end);
      if (this.#line.length > MAX_LINE_BYTES) throw new Error('a line of the chunked body is too long');
      from = end;
      if (feed < 0) break;
      if (!this.#line.endsWith('\r\n')) throw new Error('a line of the chunked body ends without CR');
      const line = this.#line.slice(0, -2);
      this.#line = '';
      this.#take(line);
    }
    return from;
  }

  #take(line: string): void {
    if (this.#expects === 'size') {
      const digits = SIZE_LINE.exec(line)?.[1];
      if (digits === undefined) throw new Error('the size of a chunk is not a number');
      this.#leftBytes = Number.parseInt(digits, 16);
      this.#expects = this.#leftBytes === 0 ? 'trailer' : 'data';
    } else if (this.#expects === 'data-end') {
      if (line !== '') throw new Error('a chunk is longer than it says');
      this.#expects = 'size';
    } else if (line === '') {
      this.isWhole = true;
    } else {
      const [, name, value] = TRAILER_LINE.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error('a trailer is not well-formed');
      const lower = name.toLowerCase();
      if (NEVER_A_TRAILER.has(lower)) throw new Error(`${lower} stands behind the body`);
      setHeader(this.trailers, lower, value.trim());
      if (this.trailers.length > MAX_TRAILERS * 2) throw new Error('there are too many trailers');
    }
  }
}
