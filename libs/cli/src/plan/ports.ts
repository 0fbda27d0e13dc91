import { createServer } from 'node:net';
import { Failure, usage } from '../failure.ts';
import { type Plan, POSTGRES } from './plan.ts';

/** A port that must be free before anything starts. */
export interface WantedPort {
  app: string;
  /** The variable that moves it. */
  variable: string;
  /** 0: any free port, picked by the command so that the others can be told. */
  port: number;
}

const POSTGRES_DEFAULT = 5433;

/** `config-center` -> `CONFIG_CENTER_PORT`. */
export function portVariable(app: string): string {
  return `${variablePrefix(app)}_PORT`;
}

/** `config-center` -> `CONFIG_CENTER`. */
export function variablePrefix(app: string): string {
  return app.toUpperCase().replaceAll('-', '_');
}

/** The ports that the plan asks for by number, from each app's package.json or its variable. */
export function wantedPorts(plan: Plan, environment: NodeJS.ProcessEnv): WantedPort[] {
  const wanted: WantedPort[] = [];
  const want = (app: string, fallback: number | undefined) => {
    const variable = portVariable(app);
    const port = readPort(variable, environment) ?? fallback;
    if (port !== undefined) wanted.push({ app, variable, port });
  };
  if (plan.postgres) want(POSTGRES, POSTGRES_DEFAULT);
  for (const { app } of plan.apps) want(app.name, app.app.port);

  for (const [index, one] of wanted.entries()) {
    const other = wanted.slice(0, index).find(({ port }) => port !== 0 && port === one.port);
    if (other) {
      throw usage(
        `${other.app} and ${one.app} both want port ${one.port}; set ${one.variable} to another port, or to 0 for any free one.`,
      );
    }
  }
  return wanted;
}

function readPort(variable: string, environment: NodeJS.ProcessEnv): number | undefined {
  const text = environment[variable]?.trim();
  if (!text) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw usage(`${variable} is "${text}": a port is a number from 0 to 65535, 0 for any free one.`);
  return port;
}

export interface CheckOptions {
  host: string;
  /** How long a port may still be held by processes of a platform that has just died. */
  patienceMs?: number;
}

/** Settles every wanted port: a fixed one must be free, 0 becomes a free one. Throws one sentence for the first that is taken. */
export async function settlePorts(
  wanted: readonly WantedPort[],
  { host, patienceMs = 0 }: CheckOptions,
): Promise<Map<string, number>> {
  const settled = new Map<string, number>();
  const deadline = Date.now() + patienceMs;
  const held: (() => Promise<void>)[] = [];
  try {
    for (const { app, variable, port } of [...wanted].sort((a, b) => b.port - a.port)) {
      let probe = await tryPort(port, host);
      while ('code' in probe && probe.code === 'EADDRINUSE' && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        probe = await tryPort(port, host);
      }
      if ('code' in probe) throw new Failure(refusal(probe.code, { app, variable, port }, host));
      settled.set(app, probe.port);
      held.push(probe.release);
    }
  } finally {
    await Promise.all(held.map((release) => release()));
  }
  return settled;
}

function refusal(code: string, { app, variable, port }: WantedPort, host: string): string {
  if (code === 'EADDRINUSE') {
    return `Port ${port} of ${app} is taken by another program; stop that, or set ${variable} to another port (0 for any free one).`;
  }
  if (code === 'EACCES')
    return `Port ${port} of ${app} needs privileges that you do not have; set ${variable} to a port above 1023.`;
  return `${app} cannot listen on ${host}:${port} (${code}); mend HOST or ${variable}.`;
}

type Probe = { port: number; release: () => Promise<void> } | { code: string };

function tryPort(port: number, host: string): Promise<Probe> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? error.message }));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address ? address.port : port,
        release: () => new Promise((released) => server.close(() => released())),
      });
    });
  });
}
