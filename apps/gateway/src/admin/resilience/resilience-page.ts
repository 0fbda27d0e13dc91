import { readFileSync } from 'node:fs';
import type { Language, Texts } from './resilience-texts.ts';

/** Nothing but the page's own files; nobody frames it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const PAGE_HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** The files of the page that a browser loads by themselves. */
export const pageFile = (name: 'resilience.css' | 'resilience.js'): Buffer =>
  readFileSync(new URL(`./browser/${name}`, import.meta.url));

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

/** The page without its content, which the browser asks for and writes as text. */
export function pageHtml(language: Language, texts: Texts): string {
  const say = (name: keyof Texts) => escaped(String(texts[name]));
  const columns = (['resource', 'rate', 'refused', 'errors', 'slow', 'time', 'running', 'circuit'] as const)
    .map((name) => `<th scope="col">${say(name)}</th>`)
    .join('');
  return `<!doctype html>
<html lang="${say('htmlLang')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${say('title')}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/admin/resilience.css">
<script src="/admin/resilience.js" defer></script>
</head>
<body data-texts="${escaped(JSON.stringify(texts))}">
<header>
<div class="bar"><h1>${say('title')}</h1><a class="switch" href="?lang=${language === 'en' ? 'zh' : 'en'}">${say('other')}</a></div>
<p>${say('lead')}</p>
</header>
<main>
<noscript><p class="notice">${say('noScript')}</p></noscript>
<div class="tools">
<label>${say('filter')} <input id="filter" type="search" autocomplete="off"></label>
<label class="check"><input id="troubled" type="checkbox"> ${say('refusedOnly')}</label>
<span id="summary"></span>
</div>
<p id="notice" class="notice" role="status" hidden></p>
<ul id="missing" hidden></ul>
<table>
<thead><tr>${columns}</tr></thead>
<tbody id="rows"></tbody>
</table>
</main>
</body>
</html>
`;
}
