import { type IncomingMessage, ServerResponse, validateHeaderValue } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RookeryError } from '@rookery/observability';
import { errors } from '../../errors.ts';
import { answerFault, type Handshake, readHandshake } from './handshake.ts';
import type { Tunnels } from './tunnels.ts';

const LINGER_MS = 500;
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n';

/** How a tunnel's end is told: bytes that went to the client, and a code where it was no orderly close. */
export type UpgradeEnd = (bytes: number, code: string | undefined) => void;

const CODES = {
  closed: undefined,
  'client-left': 'CLIENT_CLOSED',
  'instance-left': 'UPSTREAM_FAILED',
  idle: 'WEBSOCKET_IDLE',
  drained: 'GATEWAY_STOPPING',
} as const;

/** An HTTP response on the socket of a request to upgrade, for all answers but 101; its connection ends with it. */
export function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on('error', () => socket.destroy());
  response.on('finish', () => {
    response.detachSocket(socket);
    response.emit('close');
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(timer));
    // What was sent behind the request is read and dropped: unread bytes would reset the answer away.
    socket.resume();
  });
  return response;
}

/** A client's wish for a WebSocket. Nothing of what follows its request is sent on before an instance has agreed. */
export class Upgrade {
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #first: Buffer;
  readonly #tunnels: Tunnels;
  readonly #handshake: Handshake | undefined;
  /** Why it cannot be. */
  readonly refusal: RookeryError | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, socket: Socket, first: Buffer, tunnels: Tunnels) {
    this.#response = response;
    this.#socket = socket;
    this.#first = first;
    this.#tunnels = tunnels;
    const read = readHandshake(String(request.method), request.httpVersion, request.rawHeaders);
    if ('reason' in read) this.refusal = errors.upgradeRefused(read.reason, read.wrongVersion ? 426 : 400);
    else if (tunnels.size >= tunnels.most) this.refusal = errors.tooManyWebSockets(tunnels.most);
    else this.#handshake = read;
  }

  /** Why an instance's answer is not the one to this handshake. */
  faultOf(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
    return this.#handshake ? answerFault(this.#handshake, status, headers) : 'it was refused';
  }

  /** Tells the client that the protocol is switched, and lets bytes through from now on. */
  accept(headers: readonly string[], instance: Duplex, onEnd: UpgradeEnd): void {
    const socket = this.#socket;
    let text = SWITCHING;
    for (let at = 0; at < headers.length; at += 2) {
      validateHeaderValue(headers[at] as string, headers[at + 1] as string);
      text += `${headers[at]}: ${headers[at + 1]}\r\n`;
    }
    this.#response.detachSocket(socket);
    socket.removeAllListeners('error');
    socket.write(`${text}\r\n`, 'latin1');
    this.#tunnels.open(socket, instance, this.#first, (tunnel, end) => onEnd(tunnel.bytesToClient, CODES[end]));
  }
}
