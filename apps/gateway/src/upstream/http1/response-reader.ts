import type { FlatHeaders } from '../../request/flat-headers.ts';
import { ChunkedBody } from './chunked-body.ts';
import { mayBecomeHead, type ResponseHead, readResponseHead } from './response-head.ts';

/** Whom a {@link ResponseReader} tells what it has read. */
export interface ResponseSink {
  onHead(head: ResponseHead): void;
  /** The bytes are good for this call only. */
  onBody(bytes: Buffer): void;
  /** `isClean` where nothing came behind the response that nobody asked for. */
  onWhole(trailers: FlatHeaders, isClean: boolean): void;
}

const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const EMPTY: FlatHeaders = [];
const SWITCHING_PROTOCOLS = 101;

/**
 * Reads the responses of one HTTP/1.1 connection, one at a time, out of bytes that may be cut anywhere. What a strict
 * reader would not take for exactly one response it throws at: another one behind it, or two ways to tell its length.
 */
export class ResponseReader {
  readonly #sink: ResponseSink;
  #expects: 'nothing' | 'head' | 'bytes' | 'chunks' | 'end' = 'nothing';
  #isHead = false;
  #begun: Buffer | undefined;
  #leftBytes = 0;
  #chunks: ChunkedBody | undefined;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** A request has gone out: its response may come. */
  begin(method: string): void {
    this.#expects = 'head';
    this.#isHead = method === 'HEAD';
  }

  read(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#expects === 'nothing') throw new Error('it sent what nobody asked for');
    let at = 0;
    while (this.#expects === 'head') {
      at = this.#readHead(bytes, at);
      if (at < 0) return;
      if (at >= bytes.length) return;
    }
    if (this.#expects === 'bytes') this.#readBytes(bytes, at);
    else if (this.#expects === 'chunks') this.#readChunks(bytes, at);
    else if (this.#expects === 'end') this.#sink.onBody(at === 0 ? bytes : bytes.subarray(at));
  }

  /** No more bytes come: the end of a response that says no other, a failure of any that is not whole. */
  end(): void {
    if (this.#expects === 'end') this.#whole(EMPTY, false);
    else throw new Error('the connection was closed');
  }

  /** Answers where the body begins; -1 where the head has not come whole, or where nothing follows it. */
  #readHead(given: Buffer, from: number): number {
    const bytes = this.#begun ? Buffer.concat([this.#begun, given]) : given;
    const end = bytes.indexOf(HEAD_END, from);
    if (end < 0) {
      if (bytes.length - from > MAX_HEAD_BYTES) throw new Error('its head is too long');
      this.#begun = Buffer.from(from === 0 ? bytes : bytes.subarray(from));
      if (!mayBecomeHead(this.#begun.toString('latin1'))) throw new Error('its head is not well-formed');
      return -1;
    }
    const begunBytes = bytes.length - given.length;
    this.#begun = undefined;
    if (end - from > MAX_HEAD_BYTES) throw new Error('its head is too long');
    const head = readResponseHead(bytes.toString('latin1', from, end + 2));
    if (typeof head === 'string') throw new Error(head);
    const next = end + HEAD_END.length - begunBytes;
    if (head.status === SWITCHING_PROTOCOLS) throw new Error('it switched protocols, which nobody asked for');
    if (head.status < 200) {
      if (head.lengthBytes >= 0 || head.isChunked || !head.keepsAlive)
        throw new Error('an interim response says how it ends, and has no end of its own');
      // The one that counts comes behind it.
      return next;
    }
    this.#beginBody(head, given.length - next);
    return this.#expects === 'nothing' ? -1 : next;
  }

  #beginBody(head: ResponseHead, moreBytes: number): void {
    const { status, lengthBytes, isChunked } = head;
    const isBodiless = this.#isHead || status === 204 || status === 304;
    if (isBodiless || lengthBytes === 0) {
      this.#expects = 'bytes';
      this.#sink.onHead(head);
      // A body that must not be may come all the same, and be taken for the next response.
      const isSure = this.#isHead || (lengthBytes <= 0 && !isChunked);
      this.#whole(EMPTY, isSure && moreBytes === 0);
      return;
    }
    this.#expects = isChunked ? 'chunks' : lengthBytes > 0 ? 'bytes' : 'end';
    this.#leftBytes = lengthBytes;
    this.#chunks = isChunked ? new ChunkedBody() : undefined;
    this.#sink.onHead(head);
  }

  #readBytes(bytes: Buffer, at: number): void {
    const end = Math.min(bytes.length, at + this.#leftBytes);
    this.#leftBytes -= end - at;
    this.#sink.onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#leftBytes === 0) this.#whole(EMPTY, end === bytes.length);
  }

  #readChunks(bytes: Buffer, at: number): void {
    const chunks = this.#chunks as ChunkedBody;
    const end = chunks.read(bytes, at, (chunk) => this.#sink.onBody(chunk));
    if (!chunks.isWhole) return;
    this.#chunks = undefined;
    this.#whole(chunks.trailers, end === bytes.length);
  }

  #whole(trailers: FlatHeaders, isClean: boolean): void {
    this.#expects = 'nothing';
    this.#sink.onWhole(trailers, isClean);
  }
}
