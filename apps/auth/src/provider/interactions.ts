import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { errors, type Provider } from 'oidc-provider';
import { Accounts } from '../accounts/accounts.ts';
import { SignIn } from '../accounts/sign-in.ts';
import { consentPage, failedPage, gonePage, type LoginPage, loginPage } from '../pages/interaction-pages.ts';
import { PAGE_HEADERS } from '../pages/layout.ts';
import { type Texts, textsFor } from '../pages/texts.ts';
import { CurrentProvider } from './current-provider.ts';
import { readForm } from './form-body.ts';

const SHORTEST_PASSWORD = 12;

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** One request of a person who signs in or is asked for consent. */
interface Visit {
  provider: Provider;
  request: IncomingMessage;
  response: ServerResponse;
  interaction: Interaction;
  texts: Texts;
  clientName: string;
}

/**
 * The pages between an authorisation request and its answer. Which interaction it is says a signed cookie of that path,
 * which no other site can make the browser send with a form (SameSite).
 */
@Injectable()
export class Interactions {
  readonly #log = new Logger(Interactions.name);

  constructor(
    @Inject(CurrentProvider) private readonly current: CurrentProvider,
    @Inject(SignIn) private readonly signIn: SignIn,
    @Inject(Accounts) private readonly accounts: Accounts,
  ) {}

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { provider } = this.current;
    let texts = textsFor(undefined, request.headers['accept-language']);
    try {
      const interaction = await provider.interactionDetails(request, response);
      texts = textsFor(interaction.params.ui_locales as string | undefined, request.headers['accept-language']);
      const client = await provider.Client.find(String(interaction.params.client_id));
      const clientName = client?.clientName ?? String(interaction.params.client_id);
      const visit: Visit = { provider, request, response, interaction, texts, clientName };
      if (request.method === 'GET') await this.#show(visit);
      else if (request.method === 'POST') await this.#take(visit);
      else response.writeHead(405, { allow: 'GET, POST' }).end();
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return answer(response, 400, gonePage(texts));
      this.#log.error(error);
      answer(response, 500, failedPage(texts));
    }
  }

  async #show({ response, interaction, texts, clientName }: Visit): Promise<void> {
    const { prompt, params, session } = interaction;
    if (prompt.name !== 'consent') {
      answer(response, 200, loginPage(texts, { clientName }));
      return;
    }
    const scopes = String(params.scope ?? '')
      .split(' ')
      .filter((scope) => scope in texts.scopes);
    const { redirect_uri: redirectUri } = params;
    const redirectHost = typeof redirectUri === 'string' ? new URL(redirectUri).host : undefined;
    const account = session?.accountId === undefined ? undefined : await this.accounts.byId(session.accountId);
    if (!account) return answer(response, 400, gonePage(texts));
    answer(response, 200, consentPage(texts, { clientName, username: account.username, scopes, redirectHost }));
  }

  async #take(visit: Visit): Promise<void> {
    const { provider, request, response, interaction } = visit;
    const form = await readForm(request);
    const action = form?.get('action');
    if (action === 'deny') {
      const denied = { error: 'access_denied', error_description: 'The person has denied access.' };
      return provider.interactionFinished(request, response, denied, { mergeWithLastSubmission: false });
    }
    if (form && action === 'login' && interaction.prompt.name === 'login') return this.#login(visit, form);
    if (action === 'consent' && interaction.prompt.name === 'consent') return this.#consent(visit);
    return answer(response, 400, gonePage(visit.texts));
  }

  async #login({ provider, request, response, texts, clientName }: Visit, form: URLSearchParams): Promise<void> {
    const username = form.get('username') ?? '';
    const password = form.get('password') ?? '';
    const again = (status: number, changes: Partial<LoginPage>) =>
      answer(response, status, loginPage(texts, { clientName, username, ...changes }));
    const outcome = await this.signIn.check(username, password);
    if ('refused' in outcome) return again(outcome.refused === 'wrong' ? 401 : 429, { problem: outcome.refused });
    const { account } = outcome;
    if (account.mustChange) {
      const chosen = form.get('newPassword');
      if (chosen === null) return again(200, { choosePassword: true });
      if (chosen.length < SHORTEST_PASSWORD || chosen.length > 200 || chosen === password)
        return again(422, { choosePassword: true, problem: 'tooShort' });
      if (!(await this.accounts.replaceOneTime(account.id, chosen))) return again(401, { problem: 'wrong' });
    }
    const result = { login: { accountId: account.id } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  async #consent({ provider, request, response, interaction }: Visit): Promise<void> {
    const { params, prompt, session, grantId } = interaction;
    const clientId = String(params.client_id);
    const known = grantId ? await provider.Grant.find(grantId) : undefined;
    const grant = known ?? new provider.Grant({ accountId: session?.accountId ?? '', clientId });
    const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details as {
      missingOIDCScope?: string[];
      missingOIDCClaims?: string[];
      missingResourceScopes?: Record<string, string[]>;
    };
    if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
    if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
    for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {}))
      grant.addResourceScope(resource, scopes.join(' '));
    const consent = { grantId: await grant.save() };
    await provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
  }
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, PAGE_HEADERS).end(body);
}
