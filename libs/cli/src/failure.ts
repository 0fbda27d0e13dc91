/** An end of the command that the user can act on: one sentence, no stack. Exit code 2 is a mistake in the command line or in a variable. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(sentence: string, exitCode = 1) {
    super(sentence);
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}

/** A wrong flag or variable. */
export function usage(sentence: string): Failure {
  return new Failure(sentence, 2);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
