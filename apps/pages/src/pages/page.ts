import type { TemplateData } from '../template/template.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A page as it is cached: what it shows, all of it text, without its template. */
export interface Page {
  status: 200 | 404;
  template: 'home' | 'list' | 'film' | 'missing';
  language: Language;
  /** Grows whenever a film that the page shows is changed. */
  version: number;
  data: TemplateData;
}
