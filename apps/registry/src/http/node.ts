import { DATACENTER } from './blocking.ts';

/** The one node that this registry is. */
export const NODE_NAME = 'rookery';
const NODE_ID = '6e6f6465-0000-4000-8000-726f6f6b6572';

/** The node's address as far as clients see it; instances have their own. */
const ADDRESS = '127.0.0.1';

export const node = (index: number) => ({
  ID: NODE_ID,
  Node: NODE_NAME,
  Address: ADDRESS,
  Datacenter: DATACENTER,
  TaggedAddresses: { lan: ADDRESS, wan: ADDRESS },
  Meta: {},
  CreateIndex: index,
  ModifyIndex: index,
});

/** Version of the HTTP API that clients may count on, as Consul numbers it. */
export const API_VERSION = '1.19.0+rookery';

export const self = () => ({
  Config: {
    Datacenter: DATACENTER,
    PrimaryDatacenter: DATACENTER,
    NodeName: NODE_NAME,
    NodeID: NODE_ID,
    Server: true,
    Version: API_VERSION,
  },
  Member: { Name: NODE_NAME, Addr: ADDRESS, Port: 8301, Status: 1, Tags: { role: 'consul', dc: DATACENTER } },
  Meta: {},
});
