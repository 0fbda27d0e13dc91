import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { deviceCodePage, deviceConfirmPage, deviceDonePage } from '../pages/device-pages.ts';
import { failedPage } from '../pages/interaction-pages.ts';
import { PAGE_HEADERS } from '../pages/layout.ts';
import { textsFor } from '../pages/texts.ts';

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>;

/** Signing in on a device without a browser (RFC 8628): it shows a code, which a person enters here. */
export const deviceFlow: DeviceFlow = {
  enabled: true,
  charset: 'base-20',
  mask: '****-****',
  userCodeInputSource(context, _form, _out, error) {
    const problem = problemOf(error);
    const texts = textsOf(context);
    if (problem === 'failed') show(context, failedPage(texts));
    else show(context, deviceCodePage(texts, formOf(context), problem));
  },
  userCodeConfirmSource(context, _form, client, _deviceInfo, userCode) {
    const clientName = client.clientName ?? client.clientId;
    show(context, deviceConfirmPage(textsOf(context), { ...formOf(context), clientName, userCode }));
  },
  successSource(context) {
    show(context, deviceDonePage(textsOf(context)));
  },
};

const textsOf = (context: KoaContextWithOIDC) => textsFor(undefined, context.get('accept-language'));

/** The provider made the secret for this session before it asked for the page. */
const formOf = ({ oidc }: KoaContextWithOIDC) => ({
  action: oidc.urlFor('code_verification'),
  xsrf: String((oidc.session?.state as { secret?: string } | undefined)?.secret ?? ''),
});

/** What the provider throws when a code cannot be used. */
const CODE_ERRORS = ['NoCodeError', 'NotFoundError', 'ExpiredError', 'AlreadyUsedError'];

function problemOf(error: unknown): 'wrongCode' | 'stopped' | 'failed' | undefined {
  if (!error) return undefined;
  const { name = '' } = error as { name?: string };
  if (name === 'AbortedError') return 'stopped';
  return CODE_ERRORS.includes(name) ? 'wrongCode' : 'failed';
}

function show(context: KoaContextWithOIDC, body: string): void {
  context.set(PAGE_HEADERS);
  context.body = body;
}
