import { Agent, get } from 'node:http';

const [list = '', count = '0'] = process.argv.slice(2);
const urls = list.split(',');
const IN_TURN = 100;
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** A stream that only reads. */
const watch = (at: number) =>
  new Promise<void>((resolve, reject) => {
    get(`${urls[at % urls.length]}/api/config-center/settings/default/default/idle/watch`, { agent }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`a watch answered ${response.statusCode}`));
    }).on('error', reject);
  });

process.on('disconnect', () => process.exit());
for (let at = 0; at < Number(count); at += IN_TURN) {
  await Promise.all(Array.from({ length: Math.min(IN_TURN, Number(count) - at) }, (_, index) => watch(at + index)));
}
process.send?.('ready');
