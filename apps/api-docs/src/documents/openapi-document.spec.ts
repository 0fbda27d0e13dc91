import { describe, expect, it } from 'vitest';
import { parseDocument, throughGateway } from './openapi-document.ts';

describe('an OpenAPI document', () => {
  it('calls the origin of the page, whatever servers it, its paths and its operations name', () => {
    const document = throughGateway(
      parseDocument(
        JSON.stringify({
          openapi: '3.1.0',
          info: { title: 'Films', version: '1.0.0' },
          servers: [{ url: 'http://10.0.0.1:3000' }],
          paths: {
            '/api/catalog/films': {
              servers: [{ url: 'http://elsewhere' }],
              get: { operationId: 'films', servers: [{ url: 'http://elsewhere' }] },
              parameters: [{ name: 'page', in: 'query' }],
            },
          },
          components: { schemas: { Film: { type: 'object' } } },
        }),
      ),
    );
    expect(document).toEqual({
      openapi: '3.1.0',
      info: { title: 'Films', version: '1.0.0' },
      servers: [{ url: '/' }],
      paths: {
        '/api/catalog/films': { get: { operationId: 'films' }, parameters: [{ name: 'page', in: 'query' }] },
      },
      components: { schemas: { Film: { type: 'object' } } },
    });
  });

  it.each([
    ['', 'not JSON'],
    ['<html>', 'not JSON'],
    ['[]', 'not an OpenAPI 3 document'],
    ['{"swagger":"2.0"}', 'not an OpenAPI 3 document'],
    ['null', 'not an OpenAPI 3 document'],
  ])('is not %j', (text, reason) => {
    expect(() => parseDocument(text)).toThrow(reason);
  });

  it('may come without info and paths', () => {
    expect(throughGateway(parseDocument('{"openapi":"3.0.3","info":7}'))).toEqual({
      openapi: '3.0.3',
      info: {},
      servers: [{ url: '/' }],
      paths: {},
    });
  });
});
