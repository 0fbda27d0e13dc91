// Heartbeats as any client of Consul's API sends them, one request each, over kept connections.
import { Agent, request } from 'node:http';

export interface BeatsOrder {
  port: number;
  ids: readonly string[];
  everyMs: number;
  connections: number;
}

process.on('message', ({ port, ids, everyMs, connections }: BeatsOrder) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const beat = (id: string): void => {
    const path = `/v1/agent/check/pass/service:${id}`;
    request({ host: '127.0.0.1', port, method: 'PUT', path, agent }, (response) => response.resume())
      .on('error', () => {})
      .end();
  };
  for (const id of ids)
    setTimeout(() => {
      beat(id);
      setInterval(beat, everyMs, id);
    }, everyMs * Math.random());
});
