import { describe, expect, it } from 'vitest';
import { type AccessEntry, AccessLog } from './access-log.ts';

const ENTRY: AccessEntry = {
  method: 'GET',
  path: '/api/catalog/films',
  status: 200,
  durationMs: 1.239,
  responseBytes: 12,
  route: 'services',
  service: 'catalog',
  instance: 'catalog-1',
  tries: 1,
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  parentSpanId: undefined,
  requestId: 'r-1',
  code: undefined,
  refusedBy: undefined,
};

/** What is written of these, as text. */
function written(...entries: Partial<AccessEntry>[]): string {
  let text = '';
  const log = new AccessLog((lines) => {
    text += Buffer.from(lines).toString('utf8');
  });
  for (const entry of entries) log.add({ ...ENTRY, ...entry });
  log.flush();
  return text;
}

describe('the access log', () => {
  it('has a JSON line for each request', () => {
    const [first, second, ...rest] = written({}, { code: 'TIMEOUT', refusedBy: 'gateway' }).split('\n');
    expect(rest).toEqual(['']);
    expect(JSON.parse(first ?? '')).toMatchObject({ path: '/api/catalog/films', durationMs: 1.24, requestId: 'r-1' });
    expect(JSON.parse(second ?? '')).toMatchObject({ code: 'TIMEOUT', refusedBy: 'gateway' });
  });

  it.each(['"', '\\', 'é', '电影', '\u2028', 'Ċ', '🎬', 'a\r\nb'])('keeps %j in a path and in an id', (odd) => {
    const text = written({ path: `/${odd}`, requestId: odd, instance: odd });
    expect(text).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(text)).toMatchObject({ path: `/${odd}`, requestId: odd, upstreamInstance: odd });
  });

  it.each([
    [0, '0.00'],
    [0.046, '0.05'],
    [0.996, '1.00'],
    [7.5, '7.50'],
    [12_345.678, '12345.68'],
  ])('writes %d ms as %s', (durationMs, text) => {
    expect(written({ durationMs })).toContain(`"durationMs":${text},`);
  });

  it('writes what does not fit any more before the rest', () => {
    const path = `/${'x'.repeat(40_000)}`;
    expect(written({ path }, { path }).trim().split('\n')).toHaveLength(2);
  });
});
