import { Controller, Delete, Get, Put, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { type KeyEntry, keyTopic } from '../domain/key-store.ts';
import { Refusal } from '../domain/refusal.ts';
import { RegistryState } from '../domain/registry-state.ts';
import { Blocking } from './blocking.ts';
import {
  type Exchange,
  Exchanged,
  flag,
  json,
  parameter,
  pathBehind,
  type Request,
  type Response,
} from './exchange.ts';
import { bytes } from './json-body.ts';
import { RefusalFilter } from './refusal-filter.ts';

const PATHS = ['v1/kv', 'v1/kv/*'];
const PREFIX = '/v1/kv/';
const MAX_VALUE_BYTES = 512 * 1024;
const MAX_KEY_CHARS = 1_024;

/** /v1/kv: keys and values. */
@Public()
@Controller()
@UseFilters(RefusalFilter)
export class KvController {
  constructor(
    private readonly state: RegistryState,
    private readonly blocking: Blocking,
  ) {}

  @Get(PATHS)
  async read(@Exchanged() exchange: Exchange): Promise<string | Buffer> {
    const { request, response } = exchange;
    const key = pathBehind(request, PREFIX);
    const recurse = flag(request, 'recurse');
    const keys = flag(request, 'keys');
    if (key === '' && !recurse && !keys) throw new Refusal(400, 'Missing key name');
    await this.blocking.query(exchange, { topic: keyTopic(key), prefix: recurse || keys });
    if (keys) return this.#found(response, this.state.keys.keys(key, parameter(request, 'separator')));
    if (recurse) return this.#found(response, this.state.keys.under(key).map(entryJson));
    const entry = this.state.keys.get(key);
    if (entry && flag(request, 'raw')) return raw(response, entry);
    return this.#found(response, entry ? [entryJson(entry)] : []);
  }

  @Put(PATHS)
  write(@Exchanged() { request, response }: Exchange): string {
    const key = pathBehind(request, PREFIX);
    if (key === '') throw new Refusal(400, 'Missing key name');
    if (key.length > MAX_KEY_CHARS) throw new Refusal(400, `A key is at most ${MAX_KEY_CHARS} characters long`);
    const value = bytes(request);
    if (value.length > MAX_VALUE_BYTES) {
      throw new Refusal(413, `Value for key "${key}" is too large (${value.length} > ${MAX_VALUE_BYTES} bytes)`);
    }
    const flags = number(request, 'flags');
    const cas = number(request, 'cas');
    const acquire = parameter(request, 'acquire');
    const release = parameter(request, 'release');
    if ([cas, acquire, release].filter((it) => it !== undefined).length > 1) {
      throw new Refusal(400, 'Conflicting flags: only one of cas, acquire and release');
    }
    return json(
      response,
      this.state.keys.put(key, value, {
        ...(flags === undefined ? {} : { flags }),
        ...(cas === undefined ? {} : { cas }),
        ...(acquire === undefined ? {} : { acquire }),
        ...(release === undefined ? {} : { release }),
      }),
    );
  }

  @Delete(PATHS)
  remove(@Exchanged() { request, response }: Exchange): string {
    const key = pathBehind(request, PREFIX);
    const cas = number(request, 'cas');
    const recurse = flag(request, 'recurse');
    if (recurse && cas !== undefined) throw new Refusal(400, 'Conflicting flags: only one of cas and recurse');
    if (recurse) {
      this.state.keys.deleteUnder(key);
      return json(response, true);
    }
    if (key === '') throw new Refusal(400, 'Missing key name');
    return json(response, this.state.keys.delete(key, cas));
  }

  /** Nothing found is 404 with an empty body. */
  #found(response: Response, found: unknown[]): string {
    if (found.length > 0) return json(response, found);
    response.status(404);
    return '';
  }
}

/** As Consul does it: no type that a browser would run, and none that it may guess. */
function raw(response: Response, { value }: KeyEntry): Buffer {
  response.header('content-type', 'text/plain');
  response.header('content-security-policy', 'sandbox');
  response.header('x-content-type-options', 'nosniff');
  return Buffer.from(value, 'base64');
}

function number(request: Request, name: string): number | undefined {
  const text = parameter(request, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new Refusal(400, `Invalid value for ${name}`);
  return value;
}

const entryJson = (entry: KeyEntry) => ({
  LockIndex: entry.lockIndex,
  Key: entry.key,
  Flags: entry.flags,
  Value: entry.value === '' ? null : entry.value,
  ...(entry.session ? { Session: entry.session } : {}),
  CreateIndex: entry.createIndex,
  ModifyIndex: entry.modifyIndex,
});
