import { Readable } from 'node:stream';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { errors } from '../errors.ts';
import type { Request } from '../protocols/exchange.ts';

const MOST_BYTES = 1024 * 1024;

interface TakesHooks {
  addHook(name: 'preParsing', hook: (request: Request, reply: unknown, payload: Readable) => Promise<Readable>): void;
}

/** The bodies of webhooks as they came: that is what is signed. */
@Injectable()
export class RawBodies implements OnModuleInit {
  readonly #bodies = new WeakMap<Request['raw'], Buffer>();

  constructor(@Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost) {}

  onModuleInit(): void {
    this.adapterHost.httpAdapter.getInstance<TakesHooks>().addHook('preParsing', async ({ raw }, _reply, payload) => {
      if (!/\/git\/webhook(?:\?|$)/.test(raw.url ?? '')) return payload;
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of payload as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > MOST_BYTES) throw errors.tooLarge(size, MOST_BYTES);
        chunks.push(chunk);
      }
      const body = Buffer.concat(chunks);
      this.#bodies.set(raw, body);
      return Object.assign(Readable.from([body]), { receivedEncodedLength: body.length });
    });
  }

  of({ raw }: Request): Buffer {
    return this.#bodies.get(raw) ?? Buffer.alloc(0);
  }
}
