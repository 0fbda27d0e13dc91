import type { Duplex } from 'node:stream';
import zlib from 'node:zlib';
import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { Call, Filter, FilterKind } from '../filter.ts';
import { couldBeMeasured, ENCODINGS, type Encoding, encodingFor, isCompressible } from './encoding.ts';

const Settings = strictObject({
  name: z.literal('compression'),
  /** The preferred first. */
  encodings: z
    .array(z.enum(ENCODINGS))
    .min(1)
    .max(3)
    .default([...ENCODINGS]),
  /** Shorter bodies stay as they are. */
  minBytes: z.int().min(0).max(1_000_000).default(1_024),
});

const NOTE = 'compression';
const ACCEPTED = 'compression.accepted';
/** Of the body as it was. */
const GONE = ['accept-ranges', 'content-digest', 'content-md5', 'digest', 'repr-digest'];

/** Compresses what gets smaller by it, for clients that understand it. Never twice, and never what streams events. */
class Compression implements Filter {
  readonly name = 'compression';
  readonly #offered: readonly Encoding[];
  readonly #minBytes: number;

  constructor({ encodings, minBytes }: z.infer<typeof Settings>) {
    this.#offered = encodings.filter((encoding) => encoding !== 'zstd' || 'createZstdCompress' in zlib);
    this.#minBytes = minBytes;
  }

  onRequest(call: Call): undefined {
    // A later filter may ask the service for the body as it is.
    call.notes.set(ACCEPTED, call.header('accept-encoding'));
  }

  onResponse(call: Call): void {
    const response = { status: call.status, header: (name: string) => call.responseHeader(name) };
    if (!isCompressible(response, this.#minBytes)) return;
    addVary(call);
    if (call.method === 'HEAD' || couldBeMeasured((name) => call.header(name))) return;
    const encoding = encodingFor(call.notes.get(ACCEPTED) as string | undefined, this.#offered);
    if (!encoding) return;
    call.notes.set(NOTE, { encoding, streams: call.responseHeader('content-length') === undefined });
    call.setResponseHeader('content-encoding', encoding);
    for (const name of GONE) call.removeResponseHeader(name);
    const etag = call.responseHeader('etag');
    if (etag?.startsWith('"')) call.setResponseHeader('etag', `W/${etag}`);
  }

  responseBody(call: Call): Duplex | undefined {
    const note = call.notes.get(NOTE) as { encoding: Encoding; streams: boolean } | undefined;
    return note && compressor(note.encoding, note.streams);
  }
}

function addVary(call: Call): void {
  const vary = call.responseHeader('vary');
  if (vary === undefined) call.setResponseHeader('vary', 'accept-encoding');
  else if (!/(?:^|[\s,])(?:\*|accept-encoding)(?:$|[\s,])/i.test(vary))
    call.setResponseHeader('vary', `${vary}, accept-encoding`);
}

/** Levels for what is made anew each time. What comes bit by bit, since its length is not known, leaves so too. */
function compressor(encoding: Encoding, streams: boolean): Duplex {
  const { constants } = zlib;
  switch (encoding) {
    case 'br':
      return zlib.createBrotliCompress({
        params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
        ...(streams && { flush: constants.BROTLI_OPERATION_FLUSH }),
      });
    case 'zstd':
      return zlib.createZstdCompress({
        params: { [constants.ZSTD_c_compressionLevel]: 3 },
        ...(streams && { flush: constants.ZSTD_e_flush }),
      });
    case 'gzip':
      return zlib.createGzip({ level: 5, ...(streams && { flush: constants.Z_SYNC_FLUSH }) });
  }
}

export const compression: FilterKind<z.infer<typeof Settings>> = {
  name: 'compression',
  schema: Settings,
  order: 40,
  create: (settings) => new Compression(settings),
};
