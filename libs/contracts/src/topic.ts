import type { z } from 'zod';

/** A topic of the message bus and what its payload must look like. */
export interface Topic<S extends z.ZodType = z.ZodType> {
  /** Routing key: what happened, `order.placed`. */
  readonly name: string;
  readonly schema: S;
}

/** The payload type of a topic. */
export type Payload<T extends Topic> = z.infer<T['schema']>;
