import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Inject,
  Injectable,
  Module,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { currentRequest, RookeryError, startTracing } from '@rookery/observability';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestIssuer, type TestIssuer } from '../testing/test-issuer.ts';
import { Authenticated, FromBus, GuardedBy, Public, RequiresPermissions, RequiresRoles } from './decorators.ts';
import { SecurityModule } from './security.module.ts';
import { VerifiedCalls } from './verified-calls.ts';

@Injectable()
class Doorkeeper implements CanActivate {
  constructor(@Inject(VerifiedCalls) private readonly calls: VerifiedCalls) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (request.headers['x-word'] !== 'open') throw new RookeryError('SHUT', 'The door is shut.', { status: 403 });
    const principal = { subject: 'who knows the word', roles: [], permissions: [] };
    const [clientId, tokenId] = [undefined, undefined];
    this.calls.set(request, { principal, clientId, tokenId, issuedAtMs: 0, expiresAtMs: 0 });
    return true;
  }
}

@Controller()
class Orders {
  @Get('open')
  @Public()
  open() {
    return currentRequest();
  }

  @Get('mine')
  @Authenticated()
  async mine() {
    await Promise.resolve();
    return currentRequest().principal;
  }

  @Get('create')
  @RequiresPermissions('order:create')
  @RequiresRoles('clerk')
  create() {
    return {};
  }

  @Get('guarded')
  @GuardedBy(Doorkeeper)
  guarded() {
    return currentRequest().principal;
  }

  @Get('bus')
  @FromBus()
  bus() {
    return {};
  }
}

@Controller('forgotten')
class Forgotten {
  @Get()
  list() {
    return {};
  }

  notAHandler() {}
}

let issuer: TestIssuer;
beforeAll(async () => {
  startTracing();
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

async function appOf(controllers: (new () => object)[]): Promise<INestApplication> {
  @Module({ imports: [SecurityModule.forRoot({ issuer: issuer.issuer })], controllers })
  class AppModule {}
  const built = await Test.createTestingModule({ imports: [AppModule] }).compile();
  return built.createNestApplication({ logger: false });
}

describe('a handler', () => {
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    app = await appOf([Orders]);
    app.useGlobalFilters({
      catch: (error: unknown, host) => {
        const known = error instanceof RookeryError ? error : undefined;
        host
          .switchToHttp()
          .getResponse()
          .status(known?.status ?? 500)
          .json({ code: known?.code ?? String(error) });
      },
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/${path}`, { headers });
    return { status: response.status, body: await response.json() };
  };
  const bearer = (claims: object) => ({ authorization: `Bearer ${issuer.token({ claims: { ...claims } })}` });

  it('that is public needs no token, and looks at none', async () => {
    expect(await get('open')).toEqual({ status: 200, body: {} });
    expect(await get('open', { authorization: 'Bearer nonsense' })).toEqual({ status: 200, body: {} });
  });

  it('that needs a token is refused without one, or with what is none', async () => {
    expect(await get('mine')).toEqual({ status: 401, body: { code: 'TOKEN_MISSING' } });
    expect(await get('mine', { authorization: 'Basic YTpi' })).toEqual({
      status: 401,
      body: { code: 'TOKEN_REFUSED' },
    });
    expect(await get('mine', { 'x-principal': 'admin', 'x-user': 'admin' })).toMatchObject({ status: 401 });
  });

  it('finds who calls in the context of the request', async () => {
    expect(await get('mine', bearer({ permissions: ['a:b'] }))).toEqual({
      status: 200,
      body: { subject: 'ada', roles: [], permissions: ['a:b'] },
    });
  });

  it('that a guard of its own decides on is refused or let in by that', async () => {
    expect(await get('guarded', bearer({ permissions: ['*'] }))).toEqual({ status: 403, body: { code: 'SHUT' } });
    expect(await get('guarded', { 'x-word': 'open' })).toMatchObject({ body: { subject: 'who knows the word' } });
  });

  it('is refused to those who lack a permission or a role', async () => {
    const refused = { status: 403, body: { code: 'PERMISSION_MISSING' } };
    expect(await get('create', bearer({ permissions: ['order:create'] }))).toEqual(refused);
    expect(await get('create', bearer({ roles: ['clerk'], permissions: ['order:show'] }))).toEqual(refused);
    expect(await get('create', bearer({ roles: ['clerk'], permissions: ['order:*'] }))).toMatchObject({ status: 200 });
  });

  it('for messages cannot be called over HTTP', async () => {
    expect(await get('bus', bearer({ permissions: ['*'] }))).toMatchObject({ status: 403 });
  });
});

describe('an application', () => {
  it('does not start with a handler that has declared nothing, and names it', async () => {
    const app = await appOf([Orders, Forgotten]);
    await expect(app.init()).rejects.toMatchObject({
      code: 'SECURITY_UNDECLARED',
      details: { handlers: ['Forgotten.list'] },
    });
    await app.close();
  });

  it('cannot declare that a handler is public and needs a permission', () => {
    expect(() => {
      class Both {
        @Public()
        @RequiresPermissions('a:b')
        show() {}
      }
      return Both;
    }).toThrow(/twice/);
    expect(() => RequiresPermissions('order create')).toThrow(/not a permission/);
  });
});
