import { describe, expect, it } from 'vitest';
import { parseDocument, throughGateway, withSignIn } from './openapi-document.ts';

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

  it('is signed in to where it takes a bearer token, which can still be pasted', () => {
    const bearer = { type: 'http', scheme: 'bearer' };
    const document = withSignIn(
      {
        openapi: '3.1.0',
        info: {},
        paths: {
          '/api/orders': {
            post: { operationId: 'place', security: [{ bearer: [] }] },
            get: { security: [{ bearer: [], key: [] }, { key: [] }] },
          },
          '/api/films': { get: { operationId: 'films' } },
        },
        components: { schemas: {}, securitySchemes: { bearer } },
      },
      'https://shop.example/auth',
    );
    expect(document.paths).toEqual({
      '/api/orders': {
        post: { operationId: 'place', security: [{ signIn: [] }, { bearer: [] }] },
        get: { security: [{ key: [], signIn: [] }, { bearer: [], key: [] }, { key: [] }] },
      },
      '/api/films': { get: { operationId: 'films' } },
    });
    expect(document.components).toMatchObject({
      schemas: {},
      securitySchemes: {
        bearer,
        signIn: {
          type: 'oauth2',
          flows: {
            authorizationCode: {
              authorizationUrl: 'https://shop.example/auth/authorize',
              tokenUrl: 'https://shop.example/auth/token',
            },
          },
        },
      },
    });
  });

  it('stays as it is where it takes no token', () => {
    const document = parseDocument('{"openapi":"3.0.3","info":{},"components":{"schemas":{}}}');
    expect(withSignIn(document, 'https://shop.example/auth')).toEqual(document);
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
