import type { JuteReader, JuteWriter } from './jute.ts';
import { BAD_VERSION, NO_NODE, NODE_EXISTS } from './zk-connection.ts';
import type { ZkSession } from './zk-session.ts';

const OP = { create: 1, delete: 2, exists: 3, getData: 4, setData: 5, getChildren: 8, multi: 14 };
const ALL_RIGHTS = 31;
const ANY_VERSION = -1;

export const PERSISTENT = 0;
export const EPHEMERAL = 1;
const EPHEMERAL_SEQUENTIAL = 3;

export interface ZkStat {
  /** The transaction that made the node; grows over the whole ensemble. */
  createdBy: bigint;
  version: number;
  /** Session that an ephemeral node belongs to, 0 for a persistent one. */
  owner: bigint;
}

/** Requests to ZooKeeper about nodes. A node that is not there answers undefined. */
export class ZkNodes {
  constructor(
    readonly session: ZkSession,
    /** For messages: `register orders-1`. */
    private readonly what: string,
  ) {}

  async stat(path: string, watch: boolean): Promise<ZkStat | undefined> {
    const answer = await this.#unless(NO_NODE, this.#ask(OP.exists, path, watch));
    return answer && statOf(answer);
  }

  /** Session that an ephemeral node belongs to, 0 for a persistent one. */
  async ownerOf(path: string, watch: boolean): Promise<bigint | undefined> {
    return (await this.stat(path, watch))?.owner;
  }

  /** A node's text, and which version of it that is. */
  async data(path: string): Promise<{ text: string; stat: ZkStat } | undefined> {
    const answer = await this.#unless(NO_NODE, this.#ask(OP.getData, path, false));
    return answer && { text: answer.text(), stat: statOf(answer) };
  }

  /** Answers whether it was done: false when the version is another by now. */
  async setData(path: string, text: string, version: number): Promise<boolean> {
    const request = this.session.request(this.what, OP.setData, (writer) => writer.text(path).text(text).int(version));
    return (await this.#unless(BAD_VERSION, request)) !== undefined;
  }

  /** An ephemeral node whose name goes on with the next number of its folder; its path, undefined without the folder. */
  async createSequential(path: string, text: string): Promise<string | undefined> {
    const request = this.session.request(this.what, OP.create, (writer) =>
      this.#created(writer, path, text, EPHEMERAL_SEQUENTIAL),
    );
    return (await this.#unless(NO_NODE, request))?.text();
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

function statOf(answer: JuteReader): ZkStat {
  const createdBy = answer.long();
  for (let skipped = 0; skipped < 3; skipped++) answer.long();
  const version = answer.int();
  for (let skipped = 0; skipped < 2; skipped++) answer.int();
  return { createdBy, version, owner: answer.long() };
}
