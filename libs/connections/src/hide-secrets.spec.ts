import { expect, it } from 'vitest';
import { hideSecrets } from './hide-secrets.ts';

it.each([
  ['etcd://owl:hoot@h:2379/shop', 'etcd://…@h:2379/shop'],
  ['etcd://owl:ho@ot@h:2379', 'etcd://…@h:2379'],
  ['etcd://owl:ho/ot@h:2379', 'etcd://…@h:2379'],
  ['etcd://owl:ho?ot@h:2379', 'etcd://…@h:2379'],
  ['etcd:owl:hoot@h', 'etcd:…@h'],
  ['consul://h:8500?dc=a&token=hoot&wait=1s', 'consul://h:8500?dc=a&token=…&wait=1s'],
  ['nacos://h?accessToken=hoot', 'nacos://h?accessToken=…'],
  ['nacos://h?SecretKey=hoot', 'nacos://h?SecretKey=…'],
  ['kubernetes://h?token-file=/run/token&ca-file=/run/ca', 'kubernetes://h?token-file=/run/token&ca-file=/run/ca'],
  ['static:orders=10.0.0.1:80', 'static:orders=10.0.0.1:80'],
])('%s is shown as %s', (url, shown) => expect(hideSecrets(url)).toBe(shown));
