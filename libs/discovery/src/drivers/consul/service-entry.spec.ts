import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance } from '../../discovery.ts';
import { toCatalogueNames, toCheckedServices, toInstances, toRegistration } from './service-entry.ts';

const instance: Instance = { id: 'a-1', service: 'a', address: '10.0.0.1', port: 80, weight: 1, metadata: {} };

/** As the server gives back what was registered. */
const answered = ({ id, name, address, port, meta }: ReturnType<typeof toRegistration>) => [
  { Node: { Address: '10.9.9.9' }, Service: { ID: id, Service: name, Address: address, Port: port, Meta: meta } },
];

describe('an instance in Consul', () => {
  it('comes back as it was, whatever its metadata', () => {
    const metadata = fc.dictionary(fc.string({ minLength: 1, maxLength: 40 }), fc.string({ maxLength: 100 }), {
      maxKeys: 10,
    });
    fc.assert(
      fc.property(
        metadata,
        fc.option(fc.nat(65_535)),
        fc.option(fc.string({ maxLength: 20 })),
        (metadata, grpcPort, zone) => {
          const given: Instance = {
            ...instance,
            metadata: { ...metadata, ['__proto__']: 'harmless' },
            ...(grpcPort === null ? {} : { grpcPort }),
            ...(zone === null ? {} : { zone }),
          };
          const registration = toRegistration(given, 1_000);
          for (const key of Object.keys(registration.meta)) expect(key).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
          expect(toInstances(answered(registration))).toEqual([given]);
        },
      ),
    );
  });

  it('is refused with the reason when Consul could not take it', () => {
    const refused = (facts: Partial<Instance>) => {
      try {
        return toRegistration({ ...instance, ...facts }, 1_000).name;
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refused({ service: '../x' })).toMatch('"../x" is no service name');
    expect(refused({ port: 0 })).toMatch('its port is 0');
    expect(refused({ weight: -1 })).toMatch('its weight is -1');
    expect(refused({ metadata: { note: 'x'.repeat(513) } })).toMatch('metadata "note" is longer than 512');
    expect(refused({ metadata: Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`k${at}`, ''])) })).toMatch(
      'it has 65 metadata entries, the limit is 64',
    );
  });

  it('of a foreign service has the weight that Consul has for it, and the address of its node', () => {
    const Service = { ID: 'w-1', Service: 'web', Address: '', Port: 80, Meta: null, Weights: { Passing: 5 } };
    expect(toInstances([{ Node: { Address: '10.1.1.1' }, Service }])).toMatchObject([
      { address: '10.1.1.1', weight: 5 },
    ]);
    expect(toInstances([{}, { Service: {} }])).toEqual([]);
    expect(toInstances('no leader')).toEqual([]);
  });
});

it('a service is well when all checks of one instance and of its node pass', () => {
  const check = (Node: string, ServiceName: string, ServiceID: string, Status = 'passing') => ({
    Node,
    ServiceName,
    ServiceID,
    Status,
  });
  const checks = [
    check('n1', '', ''),
    check('n2', '', '', 'critical'),
    check('n1', 'web', 'web-1', 'critical'),
    check('n1', 'web', 'web-2'),
    check('n1', 'mixed', 'mixed-1'),
    check('n1', 'mixed', 'mixed-1', 'warning'),
    check('n2', 'lost', 'lost-1'),
  ];
  expect(toCheckedServices(checks)).toEqual({ well: ['web'], checked: ['lost', 'mixed', 'web'] });
});

it('the catalogue names everybody but the servers themselves', () => {
  expect(toCatalogueNames({ web: ['v1'], consul: [], api: [] })).toEqual(['api', 'web']);
  expect(toCatalogueNames('no leader')).toEqual([]);
});
