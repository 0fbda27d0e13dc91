import { describe, expect, test } from 'vitest';
import type { InstanceState } from '../home/state-file.ts';
import { colorsFor } from './colors.ts';
import { LiveBlock } from './live-block.ts';
import { PrettyOutput } from './pretty-output.ts';

const service = (name: string, facts: Partial<InstanceState> = {}): InstanceState => ({
  name,
  index: 1,
  purpose: `what ${name} is for`,
  state: 'starting',
  urls: {},
  restarts: 0,
  ...facts,
});
const waiting = { for: 'database', reason: 'connection refused' };

function recorded(tty = false) {
  const text: string[] = [];
  const write = (part: string) => text.push(part);
  const output = new PrettyOutput({
    write,
    colors: colorsFor({ isTTY: tty }, {}),
    ...(tty && { live: new LiveBlock(write, () => 60) }),
  });
  return { output, text: () => text.join('') };
}

describe('what a person sees', () => {
  test('each wait is told once, with what for and why', () => {
    const { output, text } = recorded();
    const orders = service('orders', { state: 'waiting', waiting });
    output.progress([orders]);
    output.progress([orders]);
    output.progress([service('orders', { state: 'ready', urls: { http: 'http://127.0.0.1:1' } })]);
    expect(text()).toBe('orders waits for database: connection refused\norders is ready http://127.0.0.1:1\n');
  });

  test('plain text without a terminal, and with NO_COLOR', () => {
    const { output, text } = recorded();
    output.ready([service('orders', { state: 'ready' })], 4_210, ['curl x']);
    output.failure('bad');
    expect(text()).not.toContain('\u001b');
    expect(text()).toContain('ready in 4.2 s\ncurl x\n');
    expect(colorsFor({ isTTY: true }, { NO_COLOR: '1' }).isColorSupported).toBe(false);
    expect(colorsFor({ isTTY: true }, {}).isColorSupported).toBe(true);
  });

  test('on a terminal the block is drawn in place and vanishes when all are ready', () => {
    const { output, text } = recorded(true);
    output.progress([service('orders', { state: 'waiting', waiting }), service('catalog')]);
    output.notice('a notice');
    expect(text()).toContain('\u001b[3A\u001b[0J');
    expect(text()).toContain('0 of 2 ready');
    output.ready([service('orders', { state: 'ready' })], 1_000, []);
    expect(text().slice(text().lastIndexOf('SERVICE'))).not.toContain('of 2 ready');
  });

  test('instances of one app are told apart', () => {
    const { output, text } = recorded();
    output.ready(
      [
        service('catalog', { state: 'ready' }),
        service('catalog', { index: 2, state: 'ready' }),
        service('orders', { state: 'ready' }),
      ],
      1,
      [],
    );
    expect(text()).toMatch(/^catalog 1 .*\ncatalog 2 .*\norders /m);
  });

  test('logs: warnings while it starts, everything afterwards; raw lines too', () => {
    const { output, text } = recorded();
    const info = JSON.stringify({
      level: 30,
      time: '2026-01-01T10:00:00Z',
      service: 'orders',
      event: 'order.placed',
      id: 7,
    });
    output.line('orders', info);
    output.line('orders', JSON.stringify({ level: 40, event: 'slow' }));
    output.ready([], 1, []);
    output.line('orders', info);
    output.line('orders', 'plain text');
    expect(text().match(/order\.placed/g)).toHaveLength(1);
    expect(text()).toMatch(/warn {2}slow/);
    expect(text()).toMatch(/orders +info {2}order\.placed id=7/);
    expect(text()).toContain('plain text');
  });
});
