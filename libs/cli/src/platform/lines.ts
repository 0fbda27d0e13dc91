import type { Readable } from 'node:stream';

const LONGEST = 64 * 1024;

/** Calls `onLine` for each line of a stream; a line without an end is cut at 64 KB. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let pending = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (pending.length > LONGEST) {
      onLine(pending.slice(0, LONGEST));
      pending = '';
    }
  });
  stream.on('end', () => {
    if (pending) onLine(pending);
    pending = '';
  });
  stream.on('error', () => {});
}
