import { Agent, get } from 'node:http';

const [url = '', count = '0'] = process.argv.slice(2);
const IN_TURN = 100;
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** A stream that only reads. */
const watch = () =>
  new Promise<void>((resolve, reject) => {
    get(`${url}/api/config-center/settings/default/default/idle/watch`, { agent }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`a watch answered ${response.statusCode}`));
    }).on('error', reject);
  });

process.on('disconnect', () => process.exit());
for (let at = 0; at < Number(count); at += IN_TURN) {
  await Promise.all(Array.from({ length: Math.min(IN_TURN, Number(count) - at) }, watch));
}
process.send?.('ready');
