/** Text without accents and in lower case, for words to meet: `Amélie` and `amelie`. */
export const fold = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
