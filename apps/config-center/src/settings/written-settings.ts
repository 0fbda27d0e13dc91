import { type Format, parseFormat } from '@rookery/config';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { checkSettings, checkText } from './check-settings.ts';

/** Settings that came as text: what they say, and the text itself, which is given back as it was. */
export class WrittenSettings {
  constructor(
    readonly format: Format,
    readonly content: string,
    readonly settings: Record<string, unknown>,
  ) {}

  /** Refuses text that its format does not allow, or settings that cannot be kept. */
  static read(format: Format, content: string): WrittenSettings {
    checkText(content, 'the text');
    try {
      const settings = { ...parseFormat(format, content, 'the request') };
      checkSettings(settings, Buffer.byteLength(content));
      return new WrittenSettings(format, content, settings);
    } catch (error) {
      const unreadable = error instanceof RookeryError && error.code === 'CONFIG_UNREADABLE';
      throw unreadable ? errors.textInvalid(error.message) : error;
    }
  }
}

/** The settings of a request's body: text that a parser has read, or JSON. */
export function writtenIn(body: unknown): WrittenSettings | { settings: Record<string, unknown> } {
  if (body instanceof WrittenSettings) return body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw errors.notSettings('the top', 'an object', Array.isArray(body) ? 'a list' : typeof body);
  }
  const settings = body as Record<string, unknown>;
  checkSettings(settings);
  return { settings };
}
