import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { type RawHandler, setRoute } from '@rookery/service';
import { CurrentProvider } from './current-provider.ts';
import { Interactions } from './interactions.ts';

/** Takes what lies below the issuer's path: the interaction pages, and the provider's own endpoints. */
@Injectable()
export class Front {
  constructor(
    @Inject(CurrentProvider) private readonly current: CurrentProvider,
    @Inject(Interactions) private readonly interactions: Interactions,
  ) {}

  async open(): Promise<RawHandler> {
    await this.current.open();
    const issuer = new URL(this.current.settings.issuer);
    const base = issuer.pathname;
    return (request, response) => {
      const url = request.url ?? '';
      if (!url.startsWith(`${base}/`)) return false;
      // The issuer's name is what was set, whatever a client calls us.
      request.headers.host = issuer.host;
      request.headers['x-forwarded-host'] = issuer.host;
      request.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
      if (url.startsWith(`${base}/interaction/`)) {
        setRoute(request, `${base}/interaction/:uid`);
        void this.interactions.serve(request, response);
      } else {
        setRoute(request, `${base}/*`);
        this.#pass(request, response, base);
      }
      return true;
    };
  }

  #pass(request: IncomingMessage, response: ServerResponse, base: string): void {
    const mounted: IncomingMessage & { originalUrl?: string } = request;
    mounted.originalUrl = request.url ?? '';
    mounted.url = mounted.originalUrl.slice(base.length);
    void this.current.provider.callback()(mounted, response);
  }
}
