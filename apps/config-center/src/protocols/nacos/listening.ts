import { errors } from '../../errors.ts';

const WORD = '\u0002';
const LINE = '\u0001';
const MOST = 3_000;

/** One document that a Nacos client listens to, and the MD5 of what it has. */
export interface Listening {
  readonly dataId: string;
  readonly group: string;
  readonly md5: string;
  readonly tenant: string | undefined;
}

/** Reads `Listening-Configs`: words between STX, lines end with SOH. */
export function readListening(text: string | undefined): Listening[] {
  const lines = (text ?? '').split(LINE).filter((line) => line !== '');
  if (lines.length === 0) throw errors.listeningInvalid('Listening-Configs is missing');
  if (lines.length > MOST) throw errors.listeningInvalid(`more than ${MOST} documents`);
  return lines.map((line) => {
    const [dataId, group, md5 = '', tenant] = line.split(WORD);
    if (!dataId || !group) throw errors.listeningInvalid('a line is not dataId, group, MD5 and tenant');
    return { dataId, group, md5, tenant };
  });
}

/** What has changed, as clients decode it. */
export const writeChanged = (changed: readonly Listening[]): string =>
  encodeURIComponent(
    changed.map(({ dataId, group, tenant }) => [dataId, group, ...(tenant ? [tenant] : [])].join(WORD) + LINE).join(''),
  );
