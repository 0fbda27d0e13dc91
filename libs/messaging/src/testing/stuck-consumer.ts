/** A consumer that has its effect (tells the suite) and never acknowledges: the suite kills it there. */
import { createMessaging } from '../create-messaging.ts';

const { MESSAGING_URL, CONSUMER_GROUP = '', CONSUMER_TOPIC = '' } = process.env;
const messaging = await createMessaging(MESSAGING_URL);
await messaging.subscribe({ group: CONSUMER_GROUP, topics: [CONSUMER_TOPIC] }, async (delivery) => {
  process.send?.({ handled: delivery.id });
  await new Promise(() => {});
});
process.send?.({ subscribed: true });
