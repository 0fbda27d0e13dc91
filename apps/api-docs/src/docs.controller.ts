import { fileURLToPath } from 'node:url';
import { Controller, Get, Next, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { RookeryError } from '@rookery/observability';
import { Public } from '@rookery/security';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { DocumentLibrary } from './documents/document-library.ts';
import { docsPage } from './page/docs-page.ts';
import { chooseLanguage } from './page/language.ts';
import { REDIRECT_PAGE, swaggerFiles } from './page/swagger-files.ts';
import { SignIn } from './sign-in.ts';

const PAGE_FILES = ['docs.js', 'docs.css', 'rookery.svg'];
const LANGUAGE_COOKIE = /(?:^|;\s*)rookery-docs-lang=(en|zh)(?:;|$)/;

/**
 * The documentation centre's page, its files, and the documents it shows. Public: what a service may be asked is no
 * secret, and who may ask it is checked there.
 */
@Public()
@ApiExcludeController()
@Controller('docs')
export class DocsController {
  readonly #initScript: RequestHandler;
  readonly #assets: RequestHandler;

  constructor(
    private readonly library: DocumentLibrary,
    private readonly signIn: SignIn,
  ) {
    [this.#initScript, this.#assets] = swaggerFiles(signIn);
  }

  @Get()
  page(@Query('lang') asked: unknown, @Req() request: Request, @Res() response: Response): void {
    const chosen = typeof asked === 'string' ? asked : LANGUAGE_COOKIE.exec(request.headers.cookie ?? '')?.[1];
    const language = chooseLanguage(chosen, request.headers['accept-language']);
    if (typeof asked === 'string') {
      response.cookie('rookery-docs-lang', language, { path: '/docs', sameSite: 'lax', httpOnly: true });
    }
    response.set({ 'Cache-Control': 'no-cache', Vary: 'Accept-Language, Cookie' });
    response.type('html').send(docsPage(language, new URL(this.signIn.issuer).origin));
  }

  /** Opened by the page, led here by the provider: both have to know each other as opener and opened. */
  @Get('oauth2-redirect.html')
  redirected(@Res() response: Response): void {
    response.removeHeader('Cross-Origin-Opener-Policy');
    response.set('Cache-Control', 'no-store').type('html').send(REDIRECT_PAGE);
  }

  @Get('services.json')
  async services(@Res() response: Response): Promise<void> {
    const services = await this.library.entries();
    response.set('Cache-Control', 'no-cache').json({
      services: services.map((entry) => ({ ...entry, url: `/docs/specs/${encodeURIComponent(entry.name)}.json` })),
    });
  }

  @Get('specs/:service.json')
  async spec(@Param('service') service: string, @Res() response: Response): Promise<void> {
    const document = await this.library.find(service);
    if (!document) {
      throw new RookeryError('DOCS_NOT_FOUND', 'There is no OpenAPI document of a service with this name.', {
        status: 404,
      });
    }
    response.set({ 'Cache-Control': 'no-cache', ETag: document.etag });
    response.type('json').send(document.body);
  }

  @Get('page/:file')
  file(@Param('file') file: string, @Res() response: Response): void {
    if (!PAGE_FILES.includes(file)) throw notFound();
    response.sendFile(fileURLToPath(new URL(`./browser/${file}`, import.meta.url)), { maxAge: '1h' });
  }

  @Get('assets/:file')
  asset(
    @Param('file') file: string,
    @Req() request: Request,
    @Res() response: Response,
    @Next() next: NextFunction,
  ): void {
    request.url = `/${encodeURIComponent(file)}`;
    this.#initScript(request, response, (error) => {
      if (error) next(error);
      else this.#assets(request, response, (failure) => next(failure ?? notFound()));
    });
  }
}

const notFound = (): RookeryError =>
  new RookeryError('NOT_FOUND', 'The documentation centre has no such file.', { status: 404 });
