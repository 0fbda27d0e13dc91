import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { Call, Filter, FilterKind } from '../filter.ts';

/** A value, or false to leave the header alone. */
const header = (value: string) =>
  z
    .union([
      z.literal(false),
      z
        .string()
        .max(4_096)
        .regex(/^[\x20-\x7e]+$/, 'expected plain text'),
    ])
    .default(value);

const Settings = strictObject({
  name: z.literal('security-headers'),
  /** Sent over TLS; with `always` also where a proxy before the gateway ends TLS. */
  strictTransportSecurity: z
    .union([
      z.literal(false),
      strictObject({
        maxAgeSeconds: z.int().min(0).max(63_072_000).default(15_552_000),
        includeSubDomains: z.boolean().default(false),
        preload: z.boolean().default(false),
        always: z.boolean().default(false),
      }),
    ])
    .prefault({}),
  contentTypeOptions: header('nosniff'),
  frameOptions: header('DENY'),
  referrerPolicy: header('strict-origin-when-cross-origin'),
  crossOriginOpenerPolicy: header('same-origin'),
  crossOriginResourcePolicy: header('same-origin'),
  contentSecurityPolicy: z
    .string()
    .max(4_096)
    .regex(/^[\x20-\x7e]+$/)
    .optional(),
  permissionsPolicy: z
    .string()
    .max(4_096)
    .regex(/^[\x20-\x7e]+$/)
    .optional(),
  /** Whether these stand in place of what the service says; else they are only put where it says nothing. */
  override: z.boolean().default(false),
  /** What tells strangers more than they need. */
  remove: z
    .array(z.string().regex(/^[a-z0-9-]{1,64}$/))
    .max(32)
    .default(['server', 'x-powered-by']),
});

type Settings = z.infer<typeof Settings>;

/** What browsers are told not to do with a response. */
class SecurityHeaders implements Filter {
  readonly name = 'security-headers';
  readonly #headers: readonly (readonly [string, string])[];
  readonly #transport: string | undefined;
  readonly #always: boolean;
  readonly #override: boolean;
  readonly #remove: readonly string[];

  constructor(settings: Settings) {
    const { strictTransportSecurity: transport, override, remove } = settings;
    const headers: [string, string | false | undefined][] = [
      ['x-content-type-options', settings.contentTypeOptions],
      ['x-frame-options', settings.frameOptions],
      ['referrer-policy', settings.referrerPolicy],
      ['cross-origin-opener-policy', settings.crossOriginOpenerPolicy],
      ['cross-origin-resource-policy', settings.crossOriginResourcePolicy],
      ['content-security-policy', settings.contentSecurityPolicy],
      ['permissions-policy', settings.permissionsPolicy],
    ];
    this.#headers = headers.filter((one): one is [string, string] => typeof one[1] === 'string');
    this.#transport = transport
      ? [
          `max-age=${transport.maxAgeSeconds}`,
          ...(transport.includeSubDomains ? ['includeSubDomains'] : []),
          ...(transport.preload ? ['preload'] : []),
        ].join('; ')
      : undefined;
    this.#always = transport !== false && transport.always;
    this.#override = override;
    this.#remove = remove;
  }

  onResponse(call: Call): void {
    for (const name of this.#remove) call.removeResponseHeader(name);
    for (const [name, value] of this.#headers) this.#put(call, name, value);
    const isSecure = this.#always || 'encrypted' in call.request.socket;
    if (this.#transport !== undefined && isSecure) this.#put(call, 'strict-transport-security', this.#transport);
  }

  #put(call: Call, name: string, value: string): void {
    if (this.#override || call.responseHeader(name) === undefined) call.setResponseHeader(name, value);
  }
}

export const securityHeaders: FilterKind<Settings> = {
  name: 'security-headers',
  schema: Settings,
  order: 10,
  create: (settings) => new SecurityHeaders(settings),
};
