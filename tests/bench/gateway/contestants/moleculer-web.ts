// moleculer-web: its route leads to an action, which asks the same upstream by undici.
import type { AddressInfo } from 'node:net';
import { ServiceBroker } from 'moleculer';
import ApiGateway from 'moleculer-web';
import { Pool } from 'undici';

const pool = new Pool(process.argv[2] as string, { connections: 128 });
const broker = new ServiceBroker({ logger: false });
broker.createService({
  name: 'catalog',
  actions: {
    async film({ params }: { params: { id: string } }) {
      const { body } = await pool.request({ path: `/api/catalog/films/${params.id}`, method: 'GET' });
      return body.json();
    },
  },
});
const api = broker.createService({
  name: 'api',
  mixins: [ApiGateway],
  settings: {
    port: 0,
    ip: '127.0.0.1',
    routes: [{ path: '/api', aliases: { 'GET catalog/films/:id': 'catalog.film' } }],
  },
});
await broker.start();
const { server } = api as unknown as { server: { address(): AddressInfo } };
process.send?.({ port: server.address().port });
process.on('disconnect', () => process.exit());
