import { html, NOTHING } from './html.ts';
import { page } from './layout.ts';
import type { Texts } from './texts.ts';

/** What each form of the device pages brings back, so that no other site can send it. */
interface Form {
  action: string;
  xsrf: string;
}

/** Where a person enters the code that a device shows. */
export function deviceCodePage(texts: Texts, { action, xsrf }: Form, problem?: 'wrongCode' | 'stopped'): string {
  return page(
    texts,
    texts.device,
    html`<p>${texts.deviceHint}</p>
${problem ? html`<p class="bad" role="alert">${texts[problem]}</p>` : NOTHING}
<form method="post" action="${action}"><input type="hidden" name="xsrf" value="${xsrf}">
<label>${texts.code}<input name="user_code" class="code" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="20" autofocus></label>
<button>${texts.continue}</button></form>`,
  );
}

/** The person compares the code, so that nobody signs in a device of somebody else. */
export function deviceConfirmPage(
  texts: Texts,
  { action, xsrf, clientName, userCode }: Form & { clientName: string; userCode: string },
): string {
  return page(
    texts,
    texts.deviceConfirm,
    html`<p>${texts.deviceConfirmHint(clientName)}</p>
<p class="code">${userCode}</p>
<form method="post" action="${action}"><input type="hidden" name="xsrf" value="${xsrf}">
<input type="hidden" name="user_code" value="${userCode}"><input type="hidden" name="confirm" value="yes">
<button>${texts.deviceYes}</button>
<button name="abort" value="yes" class="plain">${texts.deviceNo}</button></form>`,
  );
}

export const deviceDonePage = (texts: Texts): string =>
  page(texts, texts.deviceDone, html`<p>${texts.deviceDoneHint}</p>`);
