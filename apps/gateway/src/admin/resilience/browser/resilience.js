/** Shows what the gateway says of all resources. Everything that it says is written as text, never as HTML. */

const texts = JSON.parse(document.body.dataset.texts);
const part = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/\{(\w)\}/g, (_, name) => values[name]);
const locale = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });

/** By service and resource: rows stay where they are, so that what is selected or open stays so. */
const rows = new Map();
let view;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/** Writes only what has changed, so that nothing flickers and a screen reader is not told anew. */
function write(node, text, className = '') {
  if (node.textContent !== text) node.textContent = text;
  if (node.className !== className) node.className = className;
}

function makeRow(key) {
  const row = element('tr');
  row.dataset.key = key;
  const head = element('th');
  head.scope = 'row';
  const name = element('span', 'name');
  const service = element('span', 'service');
  head.append(service, name);
  const cells = ['rate', 'refused', 'errors', 'slow', 'time', 'running', 'circuit'].map((what) => {
    const cell = element('td');
    cell.dataset.label = texts[what];
    cell.dataset.of = what;
    return cell;
  });
  row.append(head, ...cells);
  const more = element('tr', 'more');
  const box = element('td');
  box.colSpan = 8;
  more.append(box);
  return { row, more, box, name, service, cells: Object.fromEntries(cells.map((cell) => [cell.dataset.of, cell])) };
}

const isTroubled = ({ refusedPerSecond, errorShare, circuits, refusals }) =>
  refusedPerSecond > 0 || errorShare > 0 || refusals.length > 0 || circuits.some(({ state }) => state !== 'closed');

function badge(text, state) {
  return element('span', `badge is-${state}`, text);
}

/** A list under a heading; nothing where there is nothing. */
function list(title, items) {
  if (items.length === 0) return [];
  const section = element('section');
  const listed = element('ul');
  listed.append(...items);
  section.append(element('h2', '', title), listed);
  return [section];
}

function line(...parts) {
  const item = element('li');
  item.append(...parts.flatMap((each) => [each, ' ']));
  return item;
}

function details({ rules, changes, refusals }) {
  return [
    ...list(
      texts.rules,
      rules.map(({ id, kind, shadow, refused }) =>
        line(
          element('b', refused > 0 ? 'hit' : '', id),
          element('span', 'quiet', kind),
          ...(shadow ? [badge(texts.shadow, 'shadow')] : []),
          element('span', 'count', number.format(refused)),
        ),
      ),
    ),
    ...list(
      texts.refusals,
      refusals.map(({ atMs, rule, reason, who, decision }) =>
        line(
          element('time', 'quiet', clock.format(atMs)),
          element('b', '', rule ?? ''),
          element('span', who ? 'who' : 'quiet', who ?? texts.unknown),
          ...(decision === 'shadowed' ? [badge(texts.shadow, 'shadow')] : []),
          element('span', 'quiet', reason),
        ),
      ),
    ),
    ...list(
      texts.changes,
      changes.map(({ atMs, of, state, instance }) =>
        line(
          element('time', 'quiet', clock.format(atMs)),
          element('b', '', of),
          badge(texts.states[state], state),
          element('span', 'quiet', instance),
        ),
      ),
    ),
  ];
}

function drawRow(shown, seen) {
  const { name, service, cells } = shown;
  const { circuits, instances } = seen;
  write(
    service,
    instances > 1 ? `${seen.service} · ${fill(texts.instances, { n: instances })}` : seen.service,
    'service',
  );
  write(name, seen.resource, 'name');
  write(cells.rate, number.format(seen.perSecond));
  write(cells.refused, number.format(seen.refusedPerSecond), seen.refusedPerSecond > 0 ? 'warn' : '');
  write(cells.errors, percent.format(seen.errorShare), seen.errorShare > 0 ? 'bad' : '');
  write(cells.slow, percent.format(seen.slowShare), seen.slowShare > 0 ? 'warn' : '');
  write(cells.time, `${number.format(seen.meanMs)} / ${seen.p99Ms === null ? '–' : number.format(seen.p99Ms)}`);
  write(cells.running, number.format(seen.running));
  const states = JSON.stringify(circuits);
  if (cells.circuit.dataset.states !== states) {
    cells.circuit.dataset.states = states;
    cells.circuit.replaceChildren(
      ...circuits.map(({ of, state, instances: count }) =>
        badge(`${of}: ${texts.states[state]}${count > 1 ? ` ×${count}` : ''}`, state),
      ),
    );
  }
  const more = JSON.stringify([seen.rules, seen.changes, seen.refusals]);
  if (shown.box.dataset.more !== more) {
    shown.box.dataset.more = more;
    shown.box.replaceChildren(...details(seen));
  }
  shown.row.classList.toggle('is-troubled', isTroubled(seen));
}

function draw() {
  if (!view) return;
  const wanted = part('filter').value.trim().toLowerCase();
  const only = part('troubled').checked;
  const present = new Set();
  const body = part('rows');
  let place = body.firstChild;
  for (const seen of view.resources) {
    const key = `${seen.service} ${seen.resource}`;
    if ((only && !isTroubled(seen)) || !key.toLowerCase().includes(wanted)) continue;
    present.add(key);
    const shown = rows.get(key) ?? makeRow(key);
    rows.set(key, shown);
    drawRow(shown, seen);
    for (const node of shown.box.firstChild ? [shown.row, shown.more] : [shown.row]) {
      if (node !== place) body.insertBefore(node, place);
      else place = place.nextSibling;
    }
    if (!shown.box.firstChild) {
      if (place === shown.more) place = place.nextSibling;
      shown.more.remove();
    }
  }
  for (const [key, shown] of rows) {
    if (present.has(key)) continue;
    shown.row.remove();
    shown.more.remove();
    rows.delete(key);
  }
  const { at, instances, missing } = view;
  const values = { n: view.resources.length, m: instances, t: clock.format(new Date(at)) };
  write(part('summary'), fill(texts.summary, values));
  notice(view.resources.length === 0 ? texts.empty : undefined);
  part('missing').hidden = missing.length === 0;
  part('missing').replaceChildren(
    ...missing.map(({ service, instance, state, reason }) =>
      line(element('b', '', service), instance, texts.missing[state] ?? state, element('span', 'quiet', reason ?? '')),
    ),
  );
}

function notice(text) {
  part('notice').hidden = text === undefined;
  write(part('notice'), text ?? '', 'notice');
}

const source = new EventSource('/admin/resilience');
source.addEventListener('message', ({ data }) => {
  view = JSON.parse(data);
  draw();
});
source.addEventListener('error', () => notice(texts.offline));
part('filter').addEventListener('input', draw);
part('troubled').addEventListener('change', draw);
