import { Controller, Get, Param, Put, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { z } from 'zod';
import { parseDuration } from '../domain/duration.ts';
import { Refusal } from '../domain/refusal.ts';
import { RegistryState } from '../domain/registry-state.ts';
import { SESSIONS, type SessionRecord, type SessionRequest, sessionTopic } from '../domain/session-store.ts';
import { Blocking } from './blocking.ts';
import { type Exchange, Exchanged, json } from './exchange.ts';
import { jsonBody } from './json-body.ts';
import { NODE_NAME } from './node.ts';
import { RefusalFilter } from './refusal-filter.ts';

const DEFAULT_LOCK_DELAY = '15s';
const LONGEST_LOCK_DELAY_MS = 60_000;
const [SHORTEST_TTL_MS, LONGEST_TTL_MS] = [10_000, 86_400_000];
/** The node's own check in Consul; here the node is the registry itself. */
const NODE_CHECK = 'serfHealth';

const creation = z.object({
  Name: z.string().max(256).default(''),
  Node: z.literal(NODE_NAME, `Missing node registration: the node is "${NODE_NAME}"`).optional(),
  Behavior: z.string().default(''),
  TTL: z.string().default(''),
  LockDelay: z.union([z.string(), z.number()]).default(DEFAULT_LOCK_DELAY),
  Checks: z.array(z.string()).nullish(),
  NodeChecks: z.array(z.string()).nullish(),
  ServiceChecks: z.array(z.object({ ID: z.string() })).nullish(),
});

/** /v1/session: who may hold locks. */
@Public()
@Controller('v1/session')
@UseFilters(RefusalFilter)
export class SessionController {
  constructor(
    private readonly state: RegistryState,
    private readonly blocking: Blocking,
  ) {}

  @Put('create')
  create(@Exchanged() { request, response }: Exchange): string {
    const session = this.state.sessions.create(this.#request(jsonBody(request, creation)));
    return json(response, { ID: session.id });
  }

  @Put('destroy/:id')
  destroy(@Param('id') id: string, @Exchanged() { response }: Exchange): string {
    this.state.sessions.destroy(id);
    return json(response, true);
  }

  @Put('renew/:id')
  renew(@Param('id') id: string, @Exchanged() { response }: Exchange): string {
    const session = this.state.sessions.renew(id);
    if (!session) throw new Refusal(404, `Session id '${id.slice(0, 64)}' not found`);
    return json(response, [sessionJson(session)]);
  }

  @Get('info/:id')
  info(@Param('id') id: string, @Exchanged() exchange: Exchange): Promise<Buffer> {
    return this.blocking.answer(exchange, { topic: sessionTopic(id) }, '', () => {
      const session = this.state.sessions.get(id);
      return session ? [sessionJson(session)] : [];
    });
  }

  @Get('list')
  list(@Exchanged() exchange: Exchange): Promise<Buffer> {
    return this.blocking.answer(exchange, { topic: SESSIONS }, 'list', () =>
      this.state.sessions.all().map(sessionJson),
    );
  }

  @Get('node/:node')
  ofNode(@Param('node') name: string, @Exchanged() exchange: Exchange): Promise<Buffer> {
    return this.blocking.answer(exchange, { topic: SESSIONS }, `node ${name === NODE_NAME}`, () =>
      name === NODE_NAME ? this.state.sessions.all().map(sessionJson) : [],
    );
  }

  #request({ Name, Behavior, TTL, LockDelay, Checks, NodeChecks, ServiceChecks }: z.output<typeof creation>) {
    const ttlMs = TTL === '' ? undefined : parseDuration(TTL);
    if (TTL !== '' && (ttlMs === undefined || ttlMs < SHORTEST_TTL_MS || ttlMs > LONGEST_TTL_MS)) {
      throw new Refusal(500, `Invalid Session TTL '${TTL.slice(0, 32)}', must be between [10s=24h0m0s]`);
    }
    if (!['', 'release', 'delete'].includes(Behavior)) {
      throw new Refusal(500, `Invalid Behavior setting '${Behavior.slice(0, 32)}'`);
    }
    const lockDelayMs = parseDuration(LockDelay);
    if (lockDelayMs === undefined) throw new Refusal(400, 'Request decode failed: LockDelay: invalid duration');
    const named = [...(Checks ?? []), ...(NodeChecks ?? []), ...(ServiceChecks ?? []).map(({ ID }) => ID)];
    const checks = named.filter((id) => id !== NODE_CHECK);
    for (const id of checks) {
      const check = this.state.services.check(id);
      if (!check) throw new Refusal(500, `Missing check '${id.slice(0, 256)}' registration`);
      if (check.status === 'critical') throw new Refusal(500, `Check '${id.slice(0, 256)}' is in critical state`);
    }
    return {
      name: Name,
      behavior: Behavior === 'delete' ? 'delete' : 'release',
      lockDelayMs: Math.min(lockDelayMs, LONGEST_LOCK_DELAY_MS),
      ...(ttlMs === undefined ? {} : { ttlMs }),
      checks,
    } satisfies SessionRequest;
  }
}

const sessionJson = (session: SessionRecord) => ({
  ID: session.id,
  Name: session.name,
  Node: NODE_NAME,
  LockDelay: session.lockDelayMs * 1e6,
  Behavior: session.behavior,
  TTL: session.ttlMs === undefined ? '' : `${session.ttlMs / 1_000}s`,
  NodeChecks: [NODE_CHECK],
  ServiceChecks: session.checks.length === 0 ? null : session.checks.map((ID) => ({ ID, Namespace: '' })),
  CreateIndex: session.createIndex,
  ModifyIndex: session.modifyIndex,
});
