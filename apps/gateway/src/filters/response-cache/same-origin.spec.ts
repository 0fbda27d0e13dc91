import { expect, it } from 'vitest';
import { targetAtSameOrigin } from './same-origin.ts';

const at = (named: string, host = 'Shop.example:8080') => targetAtSameOrigin(named, { host, path: '/api/catalog/new' });

it.each([
  ['an absolute URL', 'http://shop.example:8080/api/catalog/films?page=1'],
  [
    'one of the other scheme, since TLS may end before the gateway',
    'https://shop.example:8080/api/catalog/films?page=1',
  ],
  ['one in capital letters', 'HTTP://SHOP.EXAMPLE:8080/api/catalog/films?page=1'],
  ['one with a fragment', 'http://shop.example:8080/api/catalog/films?page=1#new'],
  ['one that climbs', 'http://shop.example:8080/api/orders/../catalog/films?page=1'],
  ['one without a scheme', '//shop.example:8080/api/catalog/films?page=1'],
  ['a path', '/api/catalog/films?page=1'],
  ['a path that begins beside what was asked', 'films?page=1'],
])('takes %s', (_, named) => {
  expect(at(named)).toBe('/api/catalog/films?page=1');
});

it.each([
  ['http://shop.example/a', 'shop.example:80'],
  ['http://shop.example:80/a', 'shop.example'],
  ['https://shop.example/a', 'shop.example:443'],
  ['https://shop.example:443/a', 'shop.example'],
  ['http://[::1]:8080/a', '[::1]:8080'],
])('knows the port that a scheme stands for: %s at %s', (named, host) => {
  expect(at(named, host)).toBe('/a');
});

it.each([
  ['another host', 'http://elsewhere/api/catalog/films'],
  ['another host without a scheme', '//elsewhere/api/catalog/films'],
  ['another host behind backslashes', '\\\\elsewhere/api/catalog/films'],
  ['a host that begins like ours', 'http://shop.example.elsewhere:8080/api/catalog/films'],
  ['a user called like our host', 'http://shop.example:8080@elsewhere/api/catalog/films'],
  ['another port', 'http://shop.example:8081/api/catalog/films'],
  ['no port', 'http://shop.example/api/catalog/films'],
  ['what is not of HTTP', 'ftp://shop.example:8080/api/catalog/films'],
  ['what is no address', 'http://['],
])('leaves %s alone', (_, named) => {
  expect(at(named)).toBeUndefined();
});

it('leaves everything alone where the client has named no host', () => {
  expect(at('http://shop.example/a', '')).toBeUndefined();
});
