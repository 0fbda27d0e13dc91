import { createHash } from 'node:crypto';
import { type Html, html, Html as Markup } from './html.ts';
import type { Texts } from './texts.ts';

const STYLE = `
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--text:#1d2129;--soft:#5c6370;--line:#c5cad3;--field:#868d99;--main:#1f5fbf;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--page:#14161a;--card:#1e2127;--text:#e8eaee;--soft:#a3a9b5;--line:#444a55;--field:#7d8695;--main:#8ab4f8;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--page);color:var(--text);
font:16px/1.5 system-ui,"Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif}
main{width:100%;max-width:24rem;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:2rem}
h1{margin:0;font-size:1.5rem}p{margin:.25rem 0 1rem;color:var(--soft)}ul{padding-left:1.25rem;margin:.5rem 0 1rem}
label{display:block;margin-top:1rem;font-weight:600}
input{width:100%;margin-top:.25rem;padding:.6rem .75rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--field);border-radius:8px}
button{width:100%;margin-top:1.25rem;padding:.65rem;font:inherit;font-weight:600;border:1px solid var(--main);border-radius:8px;background:var(--main);color:var(--card);cursor:pointer}
button.plain{background:transparent;color:var(--main);margin-top:.75rem}
input:focus-visible,button:focus-visible{outline:3px solid var(--main);outline-offset:2px}
.code{font:600 1.5rem/1.4 ui-monospace,monospace;letter-spacing:.08em;text-align:center;color:var(--text)}
.bad{color:var(--bad);font-weight:600;margin:1rem 0 0}`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Nothing from elsewhere, no script at all, in nobody's frame. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

export function page(texts: Texts, title: string, body: Html): string {
  return html`<!doctype html>
<html lang="${texts.lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Rookery</title><style>${new Markup(STYLE)}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`.text;
}
