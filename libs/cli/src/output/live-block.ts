import { stripVTControlCharacters } from 'node:util';

/** Lines at the foot of a terminal that are drawn again in place. */
export class LiveBlock {
  readonly #write: (text: string) => void;
  readonly #columns: () => number;
  #lines: readonly string[] = [];
  #drawn = 0;

  constructor(write: (text: string) => void, columns: () => number) {
    this.#write = write;
    this.#columns = columns;
  }

  show(lines: readonly string[]): void {
    this.#lines = lines;
    this.#draw('');
  }

  /** A line that stays, above the block. */
  above(text: string): void {
    this.#draw(`${text}\n`);
  }

  clear(): void {
    this.#lines = [];
    this.#draw('');
  }

  #draw(before: string): void {
    const erase = this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[0J` : '';
    const width = Math.max(20, this.#columns() - 1);
    const block = this.#lines.map((line) => `${cut(line, width)}\n`).join('');
    this.#drawn = this.#lines.length;
    this.#write(`${erase}${before}${block}`);
  }
}

function cut(line: string, width: number): string {
  return stripVTControlCharacters(line).length <= width
    ? line
    : `${stripVTControlCharacters(line).slice(0, width - 1)}…`;
}
