import { z } from 'zod';

/** An object with these fields and no others: whoever wrote another one is told which there are. */
export const strictObject = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys'
        ? `there is no ${(keys as readonly string[]).join(', ')}, only ${Object.keys(shape).join(', ')}`
        : undefined,
  });
