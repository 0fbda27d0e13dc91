import type { JuteWriter } from './jute.ts';
import { NO_NODE, NODE_EXISTS } from './zk-connection.ts';
import type { ZkSession } from './zk-session.ts';

const OP = { create: 1, delete: 2, exists: 3, getData: 4, getChildren: 8, multi: 14 };
const ALL_RIGHTS = 31;
const ANY_VERSION = -1;

export const PERSISTENT = 0;
export const EPHEMERAL = 1;

/** Requests to ZooKeeper about nodes. A node that is not there answers undefined. */
export class ZkNodes {
  constructor(
    readonly session: ZkSession,
    /** For messages: `register orders-1`. */
    private readonly what: string,
  ) {}

  /** Session that an ephemeral node belongs to, 0 for a persistent one. */
  async ownerOf(path: string, watch: boolean): Promise<bigint | undefined> {
    const stat = await this.#unless(NO_NODE, this.#ask(OP.exists, path, watch));
    if (!stat) return undefined;
    for (let skipped = 0; skipped < 4; skipped++) stat.long();
    for (let skipped = 0; skipped < 3; skipped++) stat.int();
    return stat.long();
  }

  async children(path: string, watch: boolean): Promise<string[] | undefined> {
    return (await this.#unless(NO_NODE, this.#ask(OP.getChildren, path, watch)))?.texts();
  }

  async text(path: string, watch: boolean): Promise<string | undefined> {
    return (await this.#unless(NO_NODE, this.#ask(OP.getData, path, watch)))?.text();
  }

  /** Answers whether it was made: false when it is there already. */
  async create(path: string, text: string, flags: number): Promise<boolean> {
    const made = await this.#unless(
      NODE_EXISTS,
      this.session.request(this.what, OP.create, (writer) => this.#created(writer, path, text, flags)),
    );
    return made !== undefined;
  }

  async delete(path: string): Promise<void> {
    await this.#unless(
      NO_NODE,
      this.session.request(this.what, OP.delete, (writer) => writer.text(path).int(ANY_VERSION)),
    );
  }

  /** Puts an ephemeral node of this session in the place of another's, in one step. Answers whether it could. */
  async takeOver(path: string, text: string): Promise<boolean> {
    const answer = await this.session.request(this.what, OP.multi, (writer) => {
      writer.int(OP.delete).bool(false).int(-1).text(path).int(ANY_VERSION);
      writer.int(OP.create).bool(false).int(-1);
      return this.#created(writer, path, text, EPHEMERAL).int(-1).bool(true).int(-1);
    });
    return answer.int() === OP.delete;
  }

  /** Makes the persistent nodes on the way to `path`, and it. */
  async createPath(path: string): Promise<void> {
    const parts = path.split('/').slice(1);
    for (let depth = 1; depth <= parts.length; depth++) {
      await this.create(`/${parts.slice(0, depth).join('/')}`, '', PERSISTENT);
    }
  }

  #created(writer: JuteWriter, path: string, text: string, flags: number): JuteWriter {
    const [scheme, id] = this.session.url.credentials ? ['auth', ''] : ['world', 'anyone'];
    return writer.text(path).text(text).int(1).int(ALL_RIGHTS).text(scheme).text(id).int(flags);
  }

  #ask(op: number, path: string, watch: boolean) {
    return this.session.request(this.what, op, (writer) => writer.text(path).bool(watch));
  }

  async #unless<T>(code: number, request: Promise<T>): Promise<T | undefined> {
    try {
      return await request;
    } catch (error) {
      if ((error as { zkCode?: number }).zkCode === code) return undefined;
      throw error;
    }
  }
}
