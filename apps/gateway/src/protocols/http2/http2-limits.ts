import type { ServerHttp2Session, ServerOptions } from 'node:http2';

/** What one HTTP/2 connection of a client may cost us. */
export interface Http2Limits {
  maxHeaderBytes: number;
  maxHeaders: number;
  maxConcurrentStreams: number;
  /** Until a connection without streams is closed. */
  keepAliveTimeoutMs: number;
  /** Until a connection is cut on which nothing moves either way. */
  idleTimeoutMs: number;
}

/** Streams that a client may open and reset at once (CVE-2023-44487); refilled by so many a second. */
const RESET_BURST = 200;
const RESETS_PER_SECOND = 33;
const WINDOW_BYTES = 256 * 1024;
const CONNECTION_WINDOW_BYTES = 1024 * 1024;
const SESSION_MEGABYTES = 10;
const CLOSE_GRACE_MS = 500;

/** Options of a server; CONTINUATION floods and header bombs are bounded by nghttp2 and `maxHeaderListPairs`. */
export function http2Options({ maxHeaderBytes, maxHeaders, maxConcurrentStreams }: Http2Limits): ServerOptions {
  return {
    maxSessionMemory: SESSION_MEGABYTES,
    // The gateway counts too, and answers 431: this is the wall behind it.
    maxHeaderListPairs: maxHeaders * 2,
    maxSendHeaderBlockLength: 4 * maxHeaderBytes,
    maxSettings: 32,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxOutstandingPings: 10,
    streamResetBurst: RESET_BURST,
    streamResetRate: RESETS_PER_SECOND,
    unknownProtocolTimeout: 1_000,
    settings: {
      maxConcurrentStreams,
      maxHeaderListSize: maxHeaderBytes,
      initialWindowSize: WINDOW_BYTES,
      enablePush: false,
      enableConnectProtocol: false,
    },
  } as ServerOptions;
}

/** Closes connections that nobody uses, and cuts those on which a stream has stood still for too long. */
export function watchSession(session: ServerHttp2Session, limits: Http2Limits): void {
  // Of the whole connection: with the 64 KiB of the protocol one upload would wait for each round trip.
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  let streams = 0;
  session.on('stream', (stream) => {
    streams++;
    if (streams === 1) session.setTimeout(limits.idleTimeoutMs);
    stream.on('close', () => {
      streams--;
      if (streams === 0 && !session.destroyed) session.setTimeout(limits.keepAliveTimeoutMs);
    });
  });
  session.setTimeout(limits.keepAliveTimeoutMs);
  // Not as the callback of setTimeout, which hears of the first time alone.
  session.on('timeout', () => {
    if (streams === 0) closeNow(session);
    else session.destroy();
  });
  session.on('error', () => session.destroy());
}

/** Says good-bye, and does not wait for what is not even a stream yet. */
function closeNow(session: ServerHttp2Session): void {
  session.close();
  const timer = setTimeout(() => session.destroy(), CLOSE_GRACE_MS).unref();
  session.once('close', () => clearTimeout(timer));
}
