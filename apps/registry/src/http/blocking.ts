import { Injectable } from '@nestjs/common';
import { parseDuration } from '../domain/duration.ts';
import { Refusal } from '../domain/refusal.ts';
import { type Subject, Waiters } from '../domain/waiters.ts';
import { type Exchange, parameter, type Request, type Response } from './exchange.ts';
import { SharedAnswers } from './shared-answers.ts';

const DEFAULT_WAIT_MS = 5 * 60_000;
const LONGEST_WAIT_MS = 10 * 60_000;

/** Blocking queries: `?index=` and `?wait=`, answered when what they ask about has changed. */
@Injectable()
export class Blocking {
  readonly #answers = new SharedAnswers();

  constructor(private readonly waiters: Waiters) {}

  /**
   * The answer of a query as JSON: waits if the request says so, and reads the state after that.
   * @param query tells queries about the same subject apart; what is read must not depend on anything else
   */
  async answer(exchange: Exchange, subject: Subject, query: string, read: () => unknown): Promise<Buffer> {
    await this.query(exchange, subject);
    exchange.response.header('content-type', 'application/json');
    return this.#answers.of(`${subject.topic}\n${query}`, this.waiters.indexOf(subject), read);
  }

  /** Waits if the request says so, and sets the headers of a query's answer. Read the state after it. */
  async query({ request, response }: Exchange, subject: Subject): Promise<void> {
    refuseUnsupported(request);
    const index = indexOf(request);
    const waitMs = waitOf(request);
    if (index > 0) await this.#wait(response, subject, index, waitMs);
    response.header('x-consul-index', this.waiters.indexOf(subject));
    response.header('x-consul-knownleader', 'true');
    response.header('x-consul-lastcontact', 0);
  }

  async #wait(response: Response, subject: Subject, index: number, waitMs: number): Promise<void> {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    response.raw.once('close', leave);
    try {
      await this.waiters.wait(subject, index, waitMs, gone.signal);
    } finally {
      response.raw.off('close', leave);
    }
  }
}

function indexOf(request: Request): number {
  const text = parameter(request, 'index') ?? '0';
  if (!/^\d{1,20}$/.test(text)) throw new Refusal(400, 'Invalid index');
  return Number(text);
}

function waitOf(request: Request): number {
  const text = parameter(request, 'wait');
  if (text === undefined || text === '') return DEFAULT_WAIT_MS;
  const waitMs = parseDuration(text);
  if (waitMs === undefined) throw new Refusal(400, 'Invalid wait time');
  return Math.min(waitMs === 0 ? DEFAULT_WAIT_MS : waitMs, LONGEST_WAIT_MS);
}

/** What would give a wrong answer if it were passed over. */
function refuseUnsupported(request: Request): void {
  if (parameter(request, 'filter')) throw new Refusal(400, 'filter expressions are not supported by this registry');
  const dc = parameter(request, 'dc');
  if (dc && dc !== DATACENTER) throw new Refusal(500, 'No path to datacenter');
}

export const DATACENTER = 'dc1';
