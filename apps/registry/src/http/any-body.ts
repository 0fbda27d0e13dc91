import type { INestApplication } from '@nestjs/common';

interface FastifyApplication {
  useBodyParser(type: string, options: object, parser: (request: object, body: Buffer, done: Done) => void): unknown;
}
type Done = (error: Error | null, body: Buffer) => void;

/** Each body reaches its controller as bytes, whatever type it says it has: Consul looks at none. */
export function takeAnyBody(app: INestApplication): void {
  app.getHttpAdapter().getInstance().removeAllContentTypeParsers();
  const parsed = app as INestApplication & FastifyApplication;
  parsed.useBodyParser('*', {}, (_request, body, done) => done(null, body));
}
