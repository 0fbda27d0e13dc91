import type { Language } from './language.ts';
import { TEXTS } from './texts.ts';

/**
 * The page without a word from any service: what services say comes as JSON, and the browser writes it as text.
 * Scripts and styles are files of this origin, so the content security policy allows no inline ones.
 * @param publicOrigin where people know the platform, and the only origin that they can sign in from
 */
export function docsPage(language: Language, publicOrigin: string): string {
  const texts = TEXTS[language];
  const other =
    language === 'en' ? { code: 'zh', name: '中文', lang: 'zh-CN' } : { code: 'en', name: 'English', lang: 'en' };
  return `<!doctype html>
<html lang="${texts.htmlLang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(texts.title)}</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="stylesheet" href="/docs/page/docs.css">
<link rel="icon" href="/docs/page/rookery.svg" type="image/svg+xml">
</head>
<body data-texts="${escapeHtml(JSON.stringify(texts))}" data-public-origin="${escapeHtml(publicOrigin)}">
<header class="head">
<div class="bar">
<a class="brand" href="/docs"><img src="/docs/page/rookery.svg" alt="" width="36" height="36"><span>Rookery</span></a>
<a class="switch" href="/docs?lang=${other.code}" lang="${other.lang}" hreflang="${other.lang}" aria-label="${escapeHtml(texts.language)}: ${other.name}">${other.name}</a>
</div>
<p class="lead">${escapeHtml(texts.lead)}</p>
<p id="elsewhere" class="lead" hidden>${escapeHtml(texts.elsewhere)} <a></a></p>
</header>
<main>
<section class="services" aria-label="${escapeHtml(texts.services)}">
<details open>
<summary id="summary">${escapeHtml(texts.services)}</summary>
<ul id="services" class="cards"></ul>
</details>
<p id="notice" class="notice" role="status" hidden></p>
</section>
<div id="toolbar" class="toolbar" hidden>
<label for="service">${escapeHtml(texts.choose)}</label>
<select id="service"></select>
<a id="source" href="/docs/services.json" target="_blank" rel="noopener">${escapeHtml(texts.source)}</a>
</div>
<noscript><p class="notice">${escapeHtml(texts.noScript)}</p></noscript>
<div id="swagger-ui"></div>
</main>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/swagger-ui-standalone-preset.js"></script>
<script src="/docs/assets/swagger-ui-init.js"></script>
<script type="module" src="/docs/page/docs.js"></script>
</body>
</html>
`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
