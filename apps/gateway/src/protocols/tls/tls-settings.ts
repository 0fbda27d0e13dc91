import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';

/** A port with TLS, beside the plain one. */
export const TlsSettings = strictObject({
  port: z.int().min(0).max(65_535).default(8_443),
  /** The certificate and those between it and its authority, PEM. Watched: a new one is in force within seconds. */
  certFile: z.string().min(1),
  keyFile: z.string().min(1),
  /** Authorities of client certificates, PEM. */
  caFile: z.string().min(1).optional(),
  /** `request`: a client may have a certificate, and it counts only when it is valid; `require`: it must. */
  clientAuth: z.enum(['none', 'request', 'require']).default('none'),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
  handshakeTimeoutMs: z.int().min(1).max(60_000).default(10_000),
}).superRefine(({ clientAuth, caFile }, context) => {
  if (clientAuth !== 'none' && caFile === undefined)
    context.addIssue({ code: 'custom', path: ['caFile'], message: `clientAuth ${clientAuth} needs a caFile` });
});

export type TlsSettings = z.infer<typeof TlsSettings>;
