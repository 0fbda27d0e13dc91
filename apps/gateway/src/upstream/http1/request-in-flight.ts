import type { Dispatcher } from 'undici';
import type { FlatHeaders } from '../../request/flat-headers.ts';
import type { Connection } from './connection.ts';
import type { UpstreamRequest } from './request-text.ts';

/** What can be done to a request under way. */
export type Controller = Pick<Dispatcher.DispatchController, 'abort' | 'pause' | 'resume'>;

/** Hears of one request what undici's handlers hear, but for the head, which comes as one list. */
export interface UpstreamHandler {
  /** A connection is there, and the request goes out; it may be aborted here. */
  onRequestStart(controller: Controller): void;
  onResponseHead(controller: Controller, status: number, headers: FlatHeaders): void;
  /** The bytes are good for this call only: the memory that they were read into is used again at once. */
  onResponseData(controller: Controller, chunk: Buffer): void;
  onResponseEnd(controller: Controller, trailers: Record<string, string>): void;
  /** Nothing comes after it. */
  onResponseError(controller: Controller, error: Error): void;
}

/** A request that waits for a connection, or has one for itself until it is over. */
export class RequestInFlight implements Controller {
  /** Undefined while it waits, and once it is over: it has no hold on what comes after it there. */
  connection: Connection | undefined;
  readonly asked: UpstreamRequest;
  readonly handler: UpstreamHandler;

  constructor(asked: UpstreamRequest, handler: UpstreamHandler) {
    this.asked = asked;
    this.handler = handler;
  }

  pause(): void {
    this.connection?.pause();
  }

  resume(): void {
    this.connection?.resume();
  }

  abort(reason: Error): void {
    this.connection?.abort(reason);
  }

  fail(error: Error): void {
    this.connection = undefined;
    this.handler.onResponseError(this, error);
  }
}
