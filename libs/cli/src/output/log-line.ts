import type { Colors } from './colors.ts';

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
const HIDDEN = new Set(['level', 'time', 'service', 'event', 'msg', 'error', 'err', 'pid', 'hostname', 'instance']);

/** One log event, as read from a line of an app. */
export interface LogEntry {
  level: number;
  time?: string | number;
  event: string;
  fields: Record<string, unknown>;
  stack?: string;
}

/** Reads a JSON log line; any other text is an entry of its own. */
export function parseLog(line: string): LogEntry {
  let entry: Record<string, unknown>;
  try {
    entry = line.startsWith('{') ? JSON.parse(line) : { level: 30, event: line };
  } catch {
    entry = { level: 30, event: line };
  }
  const error = (entry.error ?? entry.err) as { message?: string; stack?: string } | undefined;
  const level = typeof entry.level === 'number' ? entry.level : levelOf(entry.level);
  const event = [entry.event, entry.msg, error?.message].find((text) => typeof text === 'string' && text !== '') as
    | string
    | undefined;
  const fields = Object.fromEntries(Object.entries(entry).filter(([name]) => !HIDDEN.has(name)));
  return {
    level,
    event: event ?? '',
    fields: { ...fields, ...(error?.message && error.message !== event && { error: error.message }) },
    ...((typeof entry.time === 'string' || typeof entry.time === 'number') && { time: entry.time }),
    ...(level >= 50 && typeof error?.stack === 'string' && { stack: error.stack }),
  };
}

/** `14:03:07 orders 1  warn  outbox.retry attempt=2`, for people. */
export function renderLog(
  name: string,
  { level, time, event, fields, stack }: LogEntry,
  colors: Colors,
  width = 13,
): string {
  const at = time === undefined ? new Date() : new Date(time);
  const clock = Number.isNaN(at.getTime()) ? '--:--:--' : at.toTimeString().slice(0, 8);
  const paint = level >= 50 ? colors.red : level >= 40 ? colors.yellow : level >= 30 ? colors.green : colors.dim;
  const facts = Object.entries(fields).map(([field, value]) =>
    colors.dim(`${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
  );
  const line = [
    colors.dim(clock),
    colors.cyan(name.padEnd(width)),
    paint((LEVELS[level] ?? String(level)).padEnd(5)),
    event,
    ...facts,
  ].join(' ');
  return stack ? `${line}\n${colors.dim(stack)}` : line;
}

function levelOf(name: unknown): number {
  return Number(Object.entries(LEVELS).find(([, level]) => level === name)?.[0] ?? 30);
}
