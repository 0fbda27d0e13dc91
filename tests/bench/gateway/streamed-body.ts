import type { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { residentBytes } from './processes.ts';

const SAMPLE_MS = 20;
const PIECE = Buffer.alloc(64 * 1_024, 'x');

/** By how much the memory of a gateway grows at most while a body goes through it, after a smaller one has warmed it. */
export async function streamedGrowth(
  gateway: ChildProcess,
  url: string,
  bytes: { warmUp: number; measured: number },
): Promise<{ downBytes: number; upBytes: number }> {
  const grows = async (pass: (count: number) => Promise<void>) => {
    await pass(bytes.warmUp);
    const before = residentBytes(gateway);
    let most = before;
    const sampling = setInterval(() => {
      most = Math.max(most, residentBytes(gateway));
    }, SAMPLE_MS);
    try {
      await pass(bytes.measured);
    } finally {
      clearInterval(sampling);
    }
    return most - before;
  };
  const downBytes = await grows((count) => download(url, count));
  const upBytes = await grows((count) => upload(url, count));
  return { downBytes, upBytes };
}

async function download(url: string, bytes: number): Promise<void> {
  const { statusCode, body } = await request(`${url}/api/catalog/bytes/${bytes}`);
  let got = 0;
  for await (const chunk of body) got += (chunk as Buffer).length;
  if (statusCode !== 200 || got !== bytes) throw new Error(`status ${statusCode}, ${got} of ${bytes} bytes came`);
}

async function upload(url: string, bytes: number): Promise<void> {
  function* pieces() {
    for (let sent = 0; sent < bytes; sent += PIECE.length) yield PIECE;
  }
  const { statusCode, body } = await request(`${url}/api/catalog/upload`, {
    method: 'POST',
    body: Readable.from(pieces()),
  });
  const got = Number(await body.text());
  if (statusCode !== 200 || got < bytes) throw new Error(`status ${statusCode}, ${got} of ${bytes} bytes arrived`);
}
