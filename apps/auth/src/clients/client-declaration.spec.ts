import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readClients } from './client-declaration.ts';

const folder = mkdtempSync(join(tmpdir(), 'rookery-clients-'));
afterAll(() => rmSync(folder, { recursive: true }));

const client = (id: string) => ({ id, name: id, secret: 's'.repeat(40), permissions: ['order:create'] });

test('clients come from the file, from the text, or from both', () => {
  const file = join(folder, 'clients.json');
  writeFileSync(file, JSON.stringify([client('till')]));
  const text = JSON.stringify([client('shop')]);
  const ids = (from: Parameters<typeof readClients>[0]) => readClients(from).map(({ id }) => id);
  expect(ids({})).toEqual([]);
  expect(ids({ AUTH_CLIENTS_FILE: file })).toEqual(['till']);
  expect(ids({ AUTH_CLIENTS: text })).toEqual(['shop']);
  expect(ids({ AUTH_CLIENTS_FILE: file, AUTH_CLIENTS: text })).toEqual(['till', 'shop']);
});

test('what is refused is named, and no secret is repeated', () => {
  const refusal = (text: string): { message: string; cause?: unknown } => {
    try {
      readClients({ AUTH_CLIENTS: text });
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error('it was taken');
  };
  const broken = refusal('[{"secret":"hush-hush');
  expect(broken.message).toBe('AUTH_CLIENTS is not readable JSON.');
  expect(broken.cause).toBeUndefined();
  expect(refusal(JSON.stringify([{ ...client('till'), secret: 'hush-hush' }])).message).toMatch(
    /^The clients of AUTH_CLIENTS are refused\. 0\.secret: /,
  );
  expect(refusal(JSON.stringify([{ ...client('till'), secret: 'hush-hush' }])).message).not.toContain('hush');
});
