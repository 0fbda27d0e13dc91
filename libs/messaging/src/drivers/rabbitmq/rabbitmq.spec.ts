import { forkSource, freePorts, startRabbitmq } from '@rookery/servers';
import { afterAll } from 'vitest';
import { messagingContract } from '../../testing/contract.ts';

const rabbitmq = await startRabbitmq();
const [port] = await freePorts(1);
afterAll(() => rabbitmq?.stop());

messagingContract('RabbitMQ', {
  engine: rabbitmq,
  unreachableUrl: `amqp://guest:secret@127.0.0.1:${port}`,
  fork: forkSource,
});
