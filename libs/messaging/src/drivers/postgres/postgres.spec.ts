import { forkSource, freePorts, startPostgres } from '@rookery/servers';
import { afterAll } from 'vitest';
import { messagingContract } from '../../testing/contract.ts';

const postgres = await startPostgres();
const [port] = await freePorts(1);
afterAll(() => postgres?.stop());

messagingContract('Postgres', {
  engine: postgres && { ...postgres, url: await postgres.createDatabase('messaging') },
  unreachableUrl: `postgres://rookery:secret@127.0.0.1:${port}/messaging`,
  fork: forkSource,
});
