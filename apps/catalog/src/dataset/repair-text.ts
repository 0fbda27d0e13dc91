/** What Mac OS Roman shows for each byte from 0x80 on: the file's titles are Windows-1252 bytes that were read as it. */
const byteOf = new Map(
  Array.from({ length: 128 }, (_, index) => [
    new TextDecoder('macintosh').decode(Uint8Array.of(index + 128)),
    index + 128,
  ]),
);

/** Turns `LÈon` back into `Léon`. Text with a character that Mac OS Roman does not have was not read as it and stays. */
export function repairText(text: string): string {
  const bytes: number[] = [];
  for (const character of text) {
    const byte = character.charCodeAt(0) < 128 ? character.charCodeAt(0) : byteOf.get(character);
    if (byte === undefined) return text;
    bytes.push(byte);
  }
  return new TextDecoder('windows-1252').decode(Uint8Array.from(bytes));
}
