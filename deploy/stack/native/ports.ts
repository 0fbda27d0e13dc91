import { createServer } from 'node:net';
import { variablePrefix } from '../cli.ts';
import type { Engine, Stack } from '../model.ts';

/** Numbers by `part/port`. */
export type Ports = ReadonlyMap<string, number>;

/**
 * Settles the ports of the engines that run here, and of the apps with a fixed one or that an engine has to find. A variable moves the main port, 0 is
 * any free one; an engine's further ports then are any free ones too. A port that is taken is one sentence.
 */
export async function settlePorts(
  stack: Stack,
  engines: readonly Engine[],
  environment: NodeJS.ProcessEnv,
): Promise<Ports> {
  const ports = new Map<string, number>();
  for (const { name, ports: named, portVariable } of engines) {
    const { main, ...further } = named;
    const wanted = read(portVariable, environment) ?? main;
    ports.set(`${name}/main`, await claim(wanted, `${name} (${portVariable})`));
    for (const [port, number] of Object.entries(further)) {
      ports.set(`${name}/${port}`, await claim(wanted === main ? number : 0, `${name}'s ${port}`));
    }
  }
  for (const { name, port, published } of stack.apps) {
    const variable = `${variablePrefix(name)}_PORT`;
    if (!published && !engines.some(({ needs }) => needs?.includes(name))) continue;
    const wanted = read(variable, environment) ?? (published ? port : 0);
    ports.set(`${name}/main`, await claim(wanted, `${name} (${variable})`));
  }
  return ports;
}

function read(variable: string, environment: NodeJS.ProcessEnv): number | undefined {
  const text = environment[variable]?.trim();
  if (!text) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new Error(`${variable} is "${text}": a port is a number from 0 to 65535, 0 for any free one.`);
}

function claim(port: number, whose: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) =>
    reject(
      new Error(
        `Port ${port} of ${whose} cannot be used (${error.code}); stop the program that has it, or choose another port.`,
      ),
    ),
  );
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
  });
  return promise;
}
