import type { ServerHttp2Session, ServerOptions } from 'node:http2';
import { type SessionLimits, SessionWatch } from './session-watch.ts';

/** What one HTTP/2 connection of a client may cost us. */
export interface Http2Limits extends SessionLimits {
  maxHeaderBytes: number;
  maxHeaders: number;
  maxConcurrentStreams: number;
}

/** Streams that a client may open and reset at once (CVE-2023-44487); refilled by so many a second. */
const RESET_BURST = 200;
const RESETS_PER_SECOND = 33;
const WINDOW_BYTES = 256 * 1024;
const CONNECTION_WINDOW_BYTES = 1024 * 1024;
const SESSION_MEGABYTES = 10;

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

/** Sets the window of a connection, and ends it when nobody uses it. */
export function watchSession(session: ServerHttp2Session, limits: Http2Limits): void {
  // Of the whole connection: with the 64 KiB of the protocol one upload would wait for each round trip.
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  session.on('error', () => session.destroy());
  new SessionWatch(session, limits);
}
