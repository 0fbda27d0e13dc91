/** Says what is being measured, for people who wait; apart from the figures, which go to the standard output. */
export function progress(text: string): void {
  process.stderr.write(`${new Date().toTimeString().slice(0, 8)}  ${text}\n`);
}
