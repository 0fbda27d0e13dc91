import type { Duplex } from 'node:stream';
import type { RookeryError } from '@rookery/observability';
import type { FlatHeaders } from '../request/flat-headers.ts';
import type { Controller } from '../upstream/http1/request-in-flight.ts';
import type { UpgradeHeaders } from './upstream-try.ts';

/** What comes of the tries, for the exchange that they are made for. */
export interface TriesOwner {
  readonly isOver: boolean;
  /** An instance answers: no other one is asked any more. */
  onResponse(status: number, headers: FlatHeaders): void;
  onData(chunk: Buffer, controller: Controller | undefined): void;
  onEnd(trailers: UpgradeHeaders): void;
  onSwitched(status: number, headers: UpgradeHeaders, socket: Duplex): void;
  /** No instance answered. */
  onFailed(error: RookeryError): void;
  /** The response had begun, and cannot be brought to its end. */
  onCut(code: string): void;
  onClientLeft(): void;
}
