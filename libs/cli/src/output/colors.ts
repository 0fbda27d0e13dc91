import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours for a stream: none when it is no terminal, or when NO_COLOR is set. */
export function colorsFor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): Colors {
  return picocolors.createColors(Boolean(stream.isTTY) && !environment.NO_COLOR && environment.TERM !== 'dumb');
}
