import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeHtml, Template } from './template.ts';

const render = (source: string, data: object) => new Template(source).render(data as never);

it('shows values, escaped, and nothing for what is not there', () => {
  expect(render('<b>{{title}}</b>{{none}}', { title: `<&>"'` })).toBe('<b>&lt;&amp;&gt;&quot;&#39;</b>');
  expect(render('{{t.home}} {{t.none.deep}}', { t: { home: '首页' } })).toBe('首页 ');
});

it('repeats a section for each item, once for another value, and its opposite when there is none', () => {
  const source = '{{#films}}{{title}}{{t.of}} {{/films}}{{^films}}none{{/films}}';
  const t = { of: '!' };
  expect(render(source, { t, films: [{ title: 'a' }, { title: 'b' }] })).toBe('a! b! ');
  expect(render(source, { t, films: [] })).toBe('none');
  expect(render(source, { t })).toBe('none');
  expect(render('{{#next}}to {{next}}{{/next}}', { next: '2' })).toBe('to 2');
  expect(render('{{#next}}to {{next}}{{/next}}', { next: '' })).toBe('');
});

it('finds no names but the data’s own', () => {
  expect(render('{{constructor}}{{#toString}}x{{/toString}}{{t.length}}', { t: 'text' })).toBe('');
});

it.each(['{{#a}}', '{{/a}}', '{{#a}}{{#b}}{{/a}}{{/b}}'])('refuses %s', (source) => {
  expect(() => new Template(source)).toThrow(/is not (closed|open)/);
});

it('whatever the data says, no tag and no template comes out of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (title) => {
      const html = render('{{title}}', { title });
      expect(html).not.toMatch(/[<>"']/);
      expect(html).toBe(escapeHtml(title));
    }),
  );
});
