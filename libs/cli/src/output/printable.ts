/** Text of others without what would move a terminal's cursor, colour it or begin a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out.
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
