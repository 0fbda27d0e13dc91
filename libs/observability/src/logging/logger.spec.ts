import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Runs a few lines in a process of its own, because a logger writes to the standard output. */
function linesOf(program: string): Record<string, unknown>[] {
  const logger = fileURLToPath(new URL('logger.ts', import.meta.url));
  const tracing = fileURLToPath(new URL('../context/tracing.ts', import.meta.url));
  const source = `
    const { createLogger } = await import(${JSON.stringify(logger)});
    const { startTracing } = await import(${JSON.stringify(tracing)});
    ${program}`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', source], { encoding: 'utf8' });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('a log line', () => {
  it('is JSON with the service, an ISO time and the event', () => {
    const [line] = linesOf(`createLogger({ service: 'films' }).info({ filmId: 7 }, 'film found')`);
    expect(line).toEqual({
      level: 30,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      service: 'films',
      filmId: 7,
      event: 'film found',
    });
  });

  it('holds no secret, up to two levels down', () => {
    const [line] = linesOf(`
      const secrets = { password: 'swordfish', token: 'swordfish', connectionString: 'swordfish' };
      createLogger({ service: 'films' }).info({ ...secrets, user: secrets, request: { headers: { authorization: 'swordfish' } } }, 'login')`);
    expect(JSON.stringify(line)).not.toMatch('swordfish');
  });

  it('carries the trace that it was written in', () => {
    const [inside, outside] = linesOf(`
      const { context, trace, ROOT_CONTEXT } = await import('@opentelemetry/api');
      startTracing();
      const logger = createLogger({ service: 'films' });
      const traceId = '0af7651916cd43dd8448eb211c80319c';
      const span = trace.wrapSpanContext({ traceId, spanId: 'b7ad6b7169203331', traceFlags: 1 });
      context.with(trace.setSpan(ROOT_CONTEXT, span), () => logger.info('inside'));
      logger.info('outside');`);
    expect(inside?.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(outside).not.toHaveProperty('traceId');
  });
});
