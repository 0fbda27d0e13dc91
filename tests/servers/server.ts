/** A server that a suite runs on. */
export interface Server {
  url: string;
  /** Ends the server when it was started here, and whatever it wrote; the server of an environment URL is left alone. */
  stop(): Promise<void>;
  /** Only of a server started here. */
  restart?(): Promise<void>;
}

/** What a server speaks TLS with, and whose certificates it demands of its clients: files of PEM. */
export interface ServerTls {
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** A server started here, which a suite may therefore hurt. */
export interface OwnServer extends Server {
  /** Stops it in its own way and starts it again on the same port and data. */
  restart(): Promise<void>;
  /** SIGKILL; `start` brings it back with what was on disk. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Where it speaks TLS and demands a client's certificate, when it was started with {@link ServerTls}. */
  readonly tlsPort?: number;
}
