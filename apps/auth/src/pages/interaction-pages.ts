import { html, NOTHING } from './html.ts';
import { page } from './layout.ts';
import type { Texts } from './texts.ts';

export interface LoginPage {
  clientName: string;
  username?: string;
  /** The password was right and for one time: another has to be chosen. */
  choosePassword?: boolean;
  problem?: 'wrong' | 'throttled' | 'tooShort' | undefined;
}

export function loginPage(texts: Texts, { clientName, username = '', choosePassword, problem }: LoginPage): string {
  return page(
    texts,
    texts.signIn,
    html`<p>${texts.signInTo(clientName)}</p>
${problem ? html`<p class="bad" role="alert">${texts[problem]}</p>` : NOTHING}
<form method="post"><input type="hidden" name="action" value="login">
<label>${texts.username}<input name="username" autocomplete="username" required maxlength="200" value="${username}" ${username ? NOTHING : html`autofocus`}></label>
<label>${texts.password}<input name="password" type="password" autocomplete="current-password" required maxlength="200" ${username ? html`autofocus` : NOTHING}></label>
${
  choosePassword
    ? html`<label>${texts.newPassword}<input name="newPassword" type="password" autocomplete="new-password" required minlength="12" maxlength="200"></label><p>${texts.newPasswordHint}</p>`
    : NOTHING
}
<button>${texts.continue}</button></form>`,
  );
}

export interface ConsentPage {
  clientName: string;
  username: string;
  scopes: readonly string[];
  /** Undefined where a device waits for the token. */
  redirectHost: string | undefined;
}

export function consentPage(texts: Texts, { clientName, username, scopes, redirectHost }: ConsentPage): string {
  const asked = scopes.map((scope) => texts.scopes[scope] ?? scope);
  return page(
    texts,
    texts.consent,
    html`<p>${texts.consentTo(clientName)}</p>
<ul>${[...asked, texts.actForYou].map((item) => html`<li>${item}</li>`)}</ul>
<p>${texts.signedInAs(username)}<br>${redirectHost === undefined ? texts.goesToDevice : texts.goesTo(redirectHost)}</p>
<form method="post"><button name="action" value="consent">${texts.allow}</button>
<button name="action" value="deny" class="plain">${texts.deny}</button></form>`,
  );
}

export const gonePage = (texts: Texts): string => page(texts, texts.goneTitle, html`<p>${texts.gone}</p>`);

export const failedPage = (texts: Texts): string => page(texts, texts.failedTitle, html`<p>${texts.failed}</p>`);
