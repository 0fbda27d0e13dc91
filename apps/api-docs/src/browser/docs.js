/** Writes what the services say as text (never as HTML), and gives Swagger UI the document of the chosen one. */

const POLL_MS = 5000;
/** While a document is still being read. */
const POLL_SOON_MS = 1000;
const texts = JSON.parse(document.body.dataset.texts);
const part = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/\{(\w)\}/g, (_, name) => values[name]);

const elsewhere = part('elsewhere');
if (location.origin !== document.body.dataset.publicOrigin) {
  const link = elsewhere.querySelector('a');
  link.href = `${document.body.dataset.publicOrigin}/docs`;
  link.textContent = link.href;
  elsewhere.hidden = false;
}

let services = [];
let shown;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function card(service) {
  const { name, title, versions, instances, readable } = service;
  const { state, code, reason } = service.document;
  const item = element('li', `card is-${state}`);
  item.dataset.service = name;
  item.dataset.state = state;
  const link = element(readable ? 'a' : 'span', 'name', name);
  if (readable) link.href = address(name);
  if (readable && name === shown) link.setAttribute('aria-current', 'true');
  const count = instances === 1 ? texts.instance : fill(texts.instances, { n: instances });
  item.append(
    link,
    element('span', 'state', texts[state]),
    element(
      'span',
      'facts',
      `${count} · ${versions.length > 0 ? versions.map((v) => `v${v}`).join(', ') : texts.noVersion}`,
    ),
  );
  if (title && title !== name) item.append(element('span', 'title', title));
  if (service.internal) item.append(element('span', 'facts', texts.internal));
  if (state === 'unreachable') item.append(element('span', 'reason', texts.reasons[code] ?? reason));
  return item;
}

function draw() {
  const failing = services.filter(({ document: { state } }) => state === 'unreachable').length;
  part('summary').textContent = fill(failing ? texts.summaryFailing : texts.summary, {
    n: services.length,
    m: failing,
  });
  part('services').replaceChildren(...services.map(card));
  const select = part('service');
  const names = services.filter(({ readable }) => readable).map(({ name }) => name);
  if (names.join() !== [...select.options].map(({ value }) => value).join()) {
    select.replaceChildren(...names.map((name) => new Option(name, name)));
  }
  select.value = shown ?? '';
  part('toolbar').hidden = names.length === 0;
  const internal = services.some((service) => service.name === shown && service.internal);
  document.body.classList.toggle('is-internal', internal);
  notice(services.length === 0 ? texts.empty : internal ? texts.internalNotice : undefined);
}

function notice(text) {
  part('notice').hidden = text === undefined;
  part('notice').textContent = text ?? '';
}

function address(name) {
  const url = new URL(location.href);
  url.hash = '';
  url.search = new URLSearchParams({ service: name }).toString();
  return `${url.pathname}${url.search}`;
}

/** Shows a service's document; the address names it, so that it can be bookmarked and sent. */
function show(name) {
  const service = services.find((one) => one.readable && one.name === name);
  if (!service || name === shown) return;
  shown = name;
  part('source').href = service.url;
  window.ui.specActions.updateUrl(service.url);
  window.ui.specActions.download(service.url);
  draw();
}

function choose(name) {
  if (name === shown) return;
  history.pushState(null, '', address(name));
  show(name);
}

const asked = () => new URLSearchParams(location.search).get('service');
const first = () => services.find(({ readable }) => readable)?.name;

async function refresh() {
  try {
    const response = await fetch('/docs/services.json', { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(String(response.status));
    services = (await response.json()).services;
    draw();
    if (shown === undefined) show(services.some(({ name }) => name === asked()) ? asked() : first());
  } catch {
    notice(texts.offline);
  }
}

part('service').addEventListener('change', ({ target }) => choose(target.value));
part('services').addEventListener('click', (event) => {
  const link = event.target.closest('a');
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  choose(link.closest('li').dataset.service);
});
addEventListener('popstate', () => show(asked() ?? first()));
if (matchMedia('(width < 40rem)').matches) document.querySelector('details').open = false;

async function watch() {
  if (!document.hidden) await refresh();
  const reading = services.some(({ document: { state } }) => state === 'waiting');
  setTimeout(watch, reading ? POLL_SOON_MS : POLL_MS);
}
addEventListener('load', watch);
