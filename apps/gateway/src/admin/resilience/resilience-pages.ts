import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@rookery/observability';
import { EventChannel } from '@rookery/service';
import type { Gateway } from '../../gateway.ts';
import type { AdminPage } from '../admin-server.ts';
import { PAGE_HEADERS, pageFile, pageHtml } from './resilience-page.ts';
import { textsFor } from './resilience-texts.ts';
import { ResilienceView } from './resilience-view.ts';

const EVERY_MS = 1_000;

/**
 * `/admin/resilience`: JSON; with `Accept: text/event-stream` the same every second; with `text/html`, as a browser asks, a
 * page that shows it.
 */
export class ResiliencePages {
  readonly pages: ReadonlyMap<string, AdminPage>;
  readonly #view: ResilienceView;
  readonly #ending = new AbortController();

  constructor(gateway: Gateway, logger: Logger) {
    this.#view = new ResilienceView(gateway);
    const channel = new EventChannel({
      everyMs: EVERY_MS,
      ending: this.#ending.signal,
      text: async () => `data: ${JSON.stringify(await this.#view.now())}\n\n`,
      onError: (error) => logger.error({ error }, 'resources cannot be shown'),
    });
    const show: AdminPage = (request, response) => {
      const { accept = '' } = request.headers;
      response.setHeader('vary', 'accept, accept-language');
      if (accept.includes('text/event-stream')) return channel.join(response);
      return accept.includes('text/html') ? sendPage(request, response) : this.#view.now();
    };
    this.pages = new Map([
      ['/admin/resilience', show],
      ['/admin/resilience.css', fileOf('resilience.css', 'text/css; charset=utf-8')],
      ['/admin/resilience.js', fileOf('resilience.js', 'text/javascript; charset=utf-8')],
    ]);
  }

  /** Ends the streams. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#view.close();
  }
}

function sendPage({ url = '', headers }: IncomingMessage, response: ServerResponse): undefined {
  const query = url.indexOf('?');
  const asked = query < 0 ? null : new URLSearchParams(url.slice(query)).get('lang');
  const { language, texts } = textsFor(asked, headers['accept-language']);
  const html = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', ...PAGE_HEADERS };
  response.writeHead(200, html).end(pageHtml(language, texts));
}

function fileOf(name: Parameters<typeof pageFile>[0], type: string): AdminPage {
  const file = pageFile(name);
  return (_request, response) => {
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache', ...PAGE_HEADERS }).end(file);
  };
}
