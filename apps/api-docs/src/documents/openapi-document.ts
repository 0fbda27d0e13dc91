import { DocumentError } from './errors.ts';

/** The parts of an OpenAPI document that the documentation centre looks at; the rest passes through. */
export interface OpenApiDocument {
  openapi: string;
  info: { title?: string; version?: string };
  paths?: Record<string, unknown>;
  [field: string]: unknown;
}

/** Reads an OpenAPI 3 document. */
export function parseDocument(text: string): OpenApiDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DocumentError('DOCS_NOT_OPENAPI', 'The service answered something that is not JSON.', error);
  }
  if (!isRecord(value) || typeof value.openapi !== 'string' || !value.openapi.startsWith('3.')) {
    throw new DocumentError('DOCS_NOT_OPENAPI', 'The service answered JSON that is not an OpenAPI 3 document.');
  }
  return { ...value, openapi: value.openapi, info: isRecord(value.info) ? value.info : {} };
}

/** What a scheme of a document may be called when it is one that people sign in by. */
export const SIGN_IN = 'signIn';
const BEARER = 'bearer';

/**
 * The document with the platform's own sign-in beside each bearer token that an operation asks for; a token that one has
 * already can still be pasted.
 */
export function withSignIn(document: OpenApiDocument, issuer: string): OpenApiDocument {
  const components = isRecord(document.components) ? document.components : {};
  const schemes = isRecord(components.securitySchemes) ? components.securitySchemes : {};
  if (!(BEARER in schemes)) return document;
  const signIn = {
    type: 'oauth2',
    description: 'Opens the sign-in page of the platform; you come back with a token for ten minutes.',
    flows: {
      authorizationCode: {
        authorizationUrl: `${issuer}/authorize`,
        tokenUrl: `${issuer}/token`,
        scopes: { openid: 'who you are' },
      },
    },
  };
  const paths = mapRecord(document.paths, (item) => mapRecord(item, withSignInBeside)) as OpenApiDocument['paths'];
  return {
    ...document,
    ...(paths && { paths }),
    components: { ...components, securitySchemes: { [SIGN_IN]: signIn, ...schemes } },
  };
}

/** `security` of an operation: each alternative with a bearer token has one with the sign-in before it. */
function withSignInBeside(value: unknown): unknown {
  if (!isRecord(value) || !Array.isArray(value.security)) return value;
  const security = value.security.flatMap((alternative: unknown) => {
    if (!isRecord(alternative) || !(BEARER in alternative)) return [alternative];
    const { [BEARER]: _, ...rest } = alternative;
    return [{ ...rest, [SIGN_IN]: [] }, alternative];
  });
  return { ...value, security };
}

/**
 * The document as a browser behind the gateway needs it: "Try it out" calls the origin that the page came from,
 * so neither the document nor a path nor an operation may name a server of its own.
 */
export function throughGateway(document: OpenApiDocument): OpenApiDocument {
  const paths = Object.fromEntries(
    Object.entries(document.paths ?? {}).map(([path, item]) => [path, mapRecord(withoutServers(item), withoutServers)]),
  );
  return { ...document, servers: [{ url: '/' }], paths };
}

function withoutServers(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { servers: _, ...rest } = value;
  return rest;
}

const mapRecord = (value: unknown, change: (field: unknown) => unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, field]) => [name, change(field)])) : value;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
