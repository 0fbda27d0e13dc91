const MOST_ANSWERS = 64;

interface Answer {
  index: number;
  body: Buffer;
}

/**
 * The latest answers as they are sent: those who wait for the same change are answered with the same bytes, which are made
 * once. An answer holds for the index of what it says.
 */
export class SharedAnswers {
  readonly #answers = new Map<string, Answer>();

  of(query: string, index: number, read: () => unknown): Buffer {
    const known = this.#answers.get(query);
    if (known?.index === index) return known.body;
    const body = Buffer.from(JSON.stringify(read()));
    this.#answers.delete(query);
    this.#answers.set(query, { index, body });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MOST_ANSWERS) break;
      this.#answers.delete(oldest);
    }
    return body;
  }
}
