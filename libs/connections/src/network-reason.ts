const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'no such host',
  EHOSTUNREACH: 'no route to host',
};

/** The TLS alerts by which a server refuses a client for its certificate. */
const ALERT =
  /\balert ((?:bad|unsupported) certificate|certificate (?:required|unknown|expired|revoked)|unknown ca|handshake failure)\b/;

/** What a TLS alert means that OpenSSL tells in its own words; undefined where it is none of a client's certificate. */
export function certificateRefusal(message: string): string | undefined {
  const alert = ALERT.exec(message)?.[1];
  return alert && `it refuses this client's certificate, or that it shows none (cert-file, key-file): ${alert}`;
}

/** Why a connection failed, in words. */
export function reasonOf(error: unknown): string {
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  return REASONS[code] ?? certificateRefusal(message) ?? message;
}
