import type { ServerResponse } from 'node:http';
import type { Caller } from '../grey/caller.ts';
import type { Release } from '../settings/release.ts';

/** A reader this far behind is cut off; it comes back and catches up. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** One open stream of Server-Sent Events. */
export class Watcher {
  constructor(
    private readonly response: ServerResponse,
    /** The newest version that this stream has been given. */
    private version: number,
    /** Who watches, as far as it said so. */
    readonly caller: Caller,
    /** The access token of the centre that it was opened with. */
    readonly tokenId: string | undefined,
    readonly openedAtMs: number,
    /** Streams end at different ages, so that they do not all come back at once. */
    readonly endsAtMs: number,
  ) {}

  /** Sends a release, unless this stream has been given it or a newer one. */
  release({ version }: Release, data: string): void {
    if (version <= this.version) return;
    this.version = version;
    this.#send(`event: release\nid: ${version}\ndata: ${data}\n\n`);
  }

  heartbeat(version: number, everyMs: number): void {
    this.#send(`event: heartbeat\ndata: {"version":${version},"everyMs":${everyMs}}\n\n`);
  }

  /** Ends the stream in good order; the other side comes back with what it has. */
  end(): void {
    this.response.end();
  }

  #send(text: string): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    if (this.response.writableLength > MAX_UNREAD_BYTES) this.response.destroy();
    else this.response.write(text);
  }
}
