import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { Refusal } from '../domain/refusal.ts';
import type { Exchange, Request } from '../http/exchange.ts';
import { bytes } from '../http/json-body.ts';
import { type EurekaBody, eurekaInstance } from './eureka-registration.ts';

/** Eureka's JSON is its XML: `@enabled` is an attribute, `$` the text beside it. */
const XML = { ignoreAttributes: false, attributeNamePrefix: '@', textNodeName: '$' };
const parser = new XMLParser({ ...XML, parseTagValue: false, parseAttributeValue: false, ignoreDeclaration: true });
const builder = new XMLBuilder({ ...XML, suppressBooleanAttributes: false });

const registration = z.object({ instance: eurekaInstance }, 'Missing instance');

/** The instance of a registration, in JSON or XML as its content type or its first character says. */
export function instanceOf(request: Request): EurekaBody {
  const text = bytes(request).toString('utf8').trim();
  const checked = registration.safeParse(text.startsWith('<') ? fromXml(text) : fromJson(text));
  if (checked.success) return checked.data.instance;
  const [issue] = checked.error.issues;
  throw new Refusal(400, `Invalid instance: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Answers in XML unless the client accepts JSON, as Eureka's servers do. */
export function inItsFormat({ request, response }: Exchange, body: Record<string, unknown>): string {
  if (request.raw.headers.accept?.includes('json')) {
    response.header('content-type', 'application/json');
    return JSON.stringify(body);
  }
  response.header('content-type', 'application/xml; charset=utf-8');
  return builder.build(body);
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'the body is neither JSON nor XML');
  }
}

function fromXml(text: string): unknown {
  // Entities that a document declares itself are a way to make much of little.
  if (/<!/.test(text)) throw new Refusal(400, 'the XML has a declaration');
  try {
    return parser.parse(text, true);
  } catch {
    throw new Refusal(400, 'the body is no XML');
  }
}
