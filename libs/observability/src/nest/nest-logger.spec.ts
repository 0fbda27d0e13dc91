import { Writable } from 'node:stream';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { NestLogger } from './nest-logger.ts';

let lines: Record<string, unknown>[];
let logger: NestLogger;

beforeEach(() => {
  lines = [];
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    const { time, pid, hostname, ...line } = JSON.parse(chunk.toString());
    lines.push(line);
    done();
  };
  const out = new Writable({ write });
  logger = new NestLogger(pino({ messageKey: 'event', errorKey: 'error', level: 'trace' }, out));
});

describe("Nest's Logger", () => {
  it('writes fields as fields', () => {
    logger.log({ event: 'order placed', orderId: '7' }, 'Orders');
    logger.log('order placed', { orderId: '8' }, 'Orders');
    expect(lines).toEqual([
      { level: 30, context: 'Orders', event: 'order placed', orderId: '7' },
      { level: 30, context: 'Orders', event: 'order placed', orderId: '8' },
    ]);
  });

  it('keeps an error with its stack, in the log', () => {
    logger.error(new Error('no space'), 'Orders');
    logger.error('order lost', 'Error: no space\n    at place (orders.ts:7:1)', 'Orders');
    expect(lines).toMatchObject([
      { level: 50, event: 'no space', error: { message: 'no space', stack: expect.stringMatching('at ') } },
      { level: 50, event: 'order lost', stack: expect.stringMatching('orders.ts:7') },
    ]);
  });

  it('has a level of ours for each of its own', () => {
    for (const level of ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const) logger[level]('x', 'Orders');
    expect(lines.map(({ level }) => level)).toEqual([60, 50, 40, 30, 20, 10]);
  });

  it('lets Nest tell of its routes and modules only at debug', () => {
    logger.log('Mapped {/films, GET} route', 'RouterExplorer');
    expect(lines).toMatchObject([{ level: 20 }]);
  });
});
