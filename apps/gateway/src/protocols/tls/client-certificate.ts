import type { PeerCertificate, TLSSocket } from 'node:tls';

/** Who a client is by its certificate, which an authority of ours has signed. */
export interface ClientCertificate {
  /** `CN=orders,O=Rookery`, as RFC 4514 writes it apart from the order. */
  subject: string;
  /** SHA-256 of the certificate, lower-case hexadecimal. */
  hash: string;
}

const KNOWN = Symbol('client certificate');
type Marked = TLSSocket & { [KNOWN]?: ClientCertificate | false };

/** The verified certificate of the client at the other end; undefined without TLS, without one, or with one that counts for nothing. */
export function clientCertificate(socket: unknown): ClientCertificate | undefined {
  const marked = socket as Marked;
  if (marked[KNOWN] === undefined) marked[KNOWN] = read(marked) ?? false;
  return marked[KNOWN] || undefined;
}

function read(socket: TLSSocket): ClientCertificate | undefined {
  if (!socket.authorized) return undefined;
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  if (!subject || !fingerprint256) return undefined;
  return { subject: distinguishedName(subject), hash: fingerprint256.replaceAll(':', '').toLowerCase() };
}

const distinguishedName = (subject: PeerCertificate['subject']): string =>
  Object.entries(subject)
    .flatMap(([name, value]) => [value].flat().map((each) => `${name}=${escaped(String(each))}`))
    .join(',');

/** RFC 4514, and percent for what a header cannot hold. */
const escaped = (value: string): string =>
  value
    .replace(/[,+"\\<>;=#]/g, (character) => `\\${character}`)
    .replace(/[^ -~]/g, (character) => encodeURIComponent(character));

/** `x-forwarded-client-cert` as Envoy writes it; backends know that header. */
export const forwardedCertificate = ({ subject, hash }: ClientCertificate): string =>
  `Hash=${hash};Subject="${subject.replace(/["\\]/g, (character) => `\\${character}`)}"`;
