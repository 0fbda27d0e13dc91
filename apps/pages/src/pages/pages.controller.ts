import { Controller, Get, Header, Inject, Req, Res } from '@nestjs/common';
import { Public } from '@rookery/security';
import { PageRenderer } from '../template/page-renderer.ts';
import { addressOf } from './address.ts';
import { CachedPages } from './cached-pages.ts';
import type { Page } from './page.ts';
import { missingPage } from './page-data.ts';

/** What is used of the platform's request and reply. */
interface PageRequest {
  url: string;
  headers: { 'accept-language'?: string };
}
interface PageReply {
  code(status: number): PageReply;
  headers(values: Record<string, string>): PageReply;
  redirect(url: string, status: number): PageReply;
  send(body: string): PageReply;
}

/** As nginx says them: deploy/nginx/headers.conf. */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-cache',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

/** The pages as a browser gets them where no nginx stands before; the same bytes, for everybody. */
@Public()
@Controller()
export class PagesController {
  constructor(
    @Inject(CachedPages) private readonly pages: CachedPages,
    @Inject(PageRenderer) private readonly renderer: PageRenderer,
  ) {}

  @Get(['/', '/pages'])
  toHome(@Req() { headers }: PageRequest, @Res() reply: PageReply): void {
    const language = /^\s*zh\b/i.test(headers['accept-language'] ?? '') ? 'zh' : 'en';
    reply.headers({ vary: 'accept-language' }).redirect(`/pages/${language}/`, 302);
  }

  @Get('/pages/*')
  async show(@Req() request: PageRequest, @Res() reply: PageReply): Promise<void> {
    const key = keyIn(request.url, '/pages/');
    if (key === '') return this.toHome(request, reply);
    const address = addressOf(key);
    const page = address ? await this.pages.page(address) : missingPage(key.startsWith('zh/') ? 'zh' : 'en');
    reply.code(page.status).headers(HEADERS).send(this.renderer.render(page));
  }
}

/**
 * The pages' data, for nginx, which renders by itself. Outside of /pages/, so that the gateway does not lead here; it says
 * no more than the pages do.
 */
@Public()
@Controller()
export class PageDataController {
  constructor(@Inject(CachedPages) private readonly pages: CachedPages) {}

  @Get('/page-data/*')
  @Header('cache-control', 'no-store')
  async show(@Req() { url }: PageRequest): Promise<Page> {
    const address = addressOf(keyIn(url, '/page-data/'));
    return address ? this.pages.page(address) : missingPage('en');
  }
}

const keyIn = (url: string, before: string): string => (url.split('?')[0] ?? '').slice(before.length);
