import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { LANGUAGES, type Page } from '../pages/page.ts';
import { Template } from './template.ts';

/** Also read by nginx: see deploy/nginx. */
const FOLDER = new URL('../../templates/', import.meta.url);
const TEMPLATES = ['home', 'list', 'film', 'missing'] as const;
const Texts = z.record(z.string(), z.string());

const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');

/** Writes pages as HTML: the same bytes as deploy/nginx/lua/page.lua. */
@Injectable()
export class PageRenderer {
  readonly #texts = new Map(
    LANGUAGES.map((language) => [language, Texts.parse(JSON.parse(read(`texts/${language}.json`)))]),
  );
  readonly #templates = new Map(
    TEMPLATES.map((name) => [
      name,
      new Template(read('head.mustache') + read(`${name}.mustache`) + read('foot.mustache')),
    ]),
  );

  render(page: Page): string {
    return this.#templates.get(page.template)?.render({ ...page.data, t: this.#texts.get(page.language) }) ?? '';
  }
}
