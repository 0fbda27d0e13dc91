export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The first language that the reader asked for and the page speaks: the switch, then the browser's list, then English. */
export function chooseLanguage(asked: string | undefined, acceptLanguage: string | undefined): Language {
  return spoken(asked ?? '') ?? preferences(acceptLanguage ?? '').find((language) => language !== undefined) ?? 'en';
}

function preferences(acceptLanguage: string): Array<Language | undefined> {
  return acceptLanguage
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', weight] = part.trim().split(/\s*;\s*q=/);
      return { tag, weight: weight === undefined ? 1 : Number(weight) || 0 };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => spoken(tag));
}

const spoken = (tag: string): Language | undefined =>
  LANGUAGES.find((language) => language === tag.toLowerCase().split('-')[0]);
