import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readEvents } from './event-stream.ts';

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

it('reads the same events however the network cuts them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.json(), { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), async (payloads, size) => {
      const text = payloads.map((data) => `event: release\nid: 1\ndata: ${data}\n\n: comment\n\n`).join('');
      const seen: string[] = [];
      for await (const { event, data } of readEvents(inPieces(new TextEncoder().encode(text), size))) {
        expect(event).toBe('release');
        seen.push(data);
      }
      expect(seen).toEqual(payloads);
    }),
    { numRuns: 50 },
  );
});

it('reads streams with carriage returns', async () => {
  const bytes = new TextEncoder().encode('event: heartbeat\r\ndata: {}\r\n\r\n');
  for (const size of [1, 2, 7, 100]) {
    const seen = [];
    for await (const event of readEvents(inPieces(bytes, size))) seen.push(event);
    expect(seen).toEqual([{ event: 'heartbeat', data: '{}' }]);
  }
});
