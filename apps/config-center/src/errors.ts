import { RookeryError } from '@rookery/observability';

/** Every error of the centre, in one list. */
export const errors = {
  conflict: (expectedVersion: number, currentVersion: number) =>
    new RookeryError(
      'CONFIG_CONFLICT',
      `You changed version ${expectedVersion}, but version ${currentVersion} is current: read it, lay your change over it and publish again.`,
      { status: 409, details: { expectedVersion, currentVersion } },
    ),
  versionUnknown: (version: number, currentVersion: number) =>
    new RookeryError(
      'CONFIG_VERSION_UNKNOWN',
      `There is no version ${version}; the current one is ${currentVersion}.`,
      { status: 404, details: { version, currentVersion } },
    ),
  tooLarge: (sizeBytes: number, limitBytes: number) =>
    new RookeryError(
      'CONFIG_TOO_LARGE',
      `The settings take ${sizeBytes} bytes as JSON; at most ${limitBytes} are taken. Move large data into storage and keep its address here.`,
      { status: 413, details: { sizeBytes, limitBytes } },
    ),
  notSettings: (path: string, expected: string, received: string) =>
    new RookeryError(
      'CONFIG_NOT_SETTINGS',
      `Settings are wrong at ${path}: expected ${expected}, received ${received}.`,
      {
        status: 400,
        details: { path, expected, received },
      },
    ),
  textInvalid: (message: string) => new RookeryError('CONFIG_TEXT_INVALID', message, { status: 400 }),
  nameInvalid: (name: string) =>
    new RookeryError(
      'CONFIG_NAME_INVALID',
      `${name} is no name here: letters, digits and . _ : + -, beginning with a letter or digit, at most 200.`,
      { status: 400 },
    ),
  parameterMissing: (name: string) =>
    new RookeryError('CONFIG_PARAMETER_MISSING', `The parameter ${name} is missing.`, { status: 400 }),
  md5Changed: (dataId: string) =>
    new RookeryError('CONFIG_CONFLICT', `${dataId} is no longer what casMd5 says: read it, and publish again.`, {
      status: 409,
    }),
  fileUnknown: (file: string) =>
    new RookeryError('CONFIG_FILE_UNKNOWN', `There is no file ${JSON.stringify(file)}.`, { status: 404 }),
  greyActive: (version: number) =>
    new RookeryError(
      'CONFIG_GREY_ACTIVE',
      `Version ${version} is being tried out on some instances: promote or abandon it first.`,
      { status: 409, details: { version } },
    ),
  greyUnknown: () => new RookeryError('CONFIG_GREY_UNKNOWN', 'No grey release is being tried out.', { status: 404 }),
  greyNeedsRelease: () =>
    new RookeryError(
      'CONFIG_GREY_NEEDS_RELEASE',
      'A grey release needs one that all others have: publish that first.',
      {
        status: 409,
      },
    ),
  schemaInvalid: (reason: string) =>
    new RookeryError('CONFIG_SCHEMA_INVALID', `This is no JSON Schema: ${reason}.`, { status: 400 }),
  schemaUnknown: () => new RookeryError('CONFIG_SCHEMA_UNKNOWN', 'The key has no schema.', { status: 404 }),
  schemaMismatch: (reason: string) =>
    new RookeryError('CONFIG_SCHEMA_MISMATCH', `The settings do not satisfy the schema of the key: ${reason}.`, {
      status: 422,
      details: { reason },
    }),
  dependentRefused: (key: string, cause: RookeryError) =>
    new RookeryError('CONFIG_DEPENDENT_REFUSED', `${key} inherits this, and would not be right: ${cause.message}`, {
      status: 422,
      details: { key, reason: cause.message },
      cause,
    }),
  tooManyDependents: (number: number, limit: number) =>
    new RookeryError(
      'CONFIG_TOO_MANY_DEPENDENTS',
      `${number} namespaces and groups would follow from this; at most ${limit} may.`,
      { status: 422, details: { number, limit } },
    ),
  modelInvalid: (reason: string) => new RookeryError('CONFIG_MODEL_INVALID', `${reason}.`, { status: 422 }),
  inUse: (what: string, by: string) =>
    new RookeryError('CONFIG_IN_USE', `${what} is needed by ${by}: change that first.`, { status: 409 }),
  notDeclared: (what: string) => new RookeryError('CONFIG_NOT_DECLARED', `${what} is not declared.`, { status: 404 }),
  pathInvalid: (path: string) =>
    new RookeryError(
      'CONFIG_PATH_INVALID',
      `${JSON.stringify(path.slice(0, 200))} is no path of a setting here: limits.hosts[0], of things that are there.`,
      { status: 400 },
    ),
  draftUnknown: () => new RookeryError('CONFIG_DRAFT_UNKNOWN', 'The key has no draft.', { status: 404 }),
  draftConflict: (expectedRevision: number, currentRevision: number) =>
    new RookeryError(
      'CONFIG_DRAFT_CONFLICT',
      `You edited revision ${expectedRevision} of the draft, but ${currentRevision || 'none'} is current: read it and edit again.`,
      { status: 409, details: { expectedRevision, currentRevision } },
    ),
  draftConflicts: (paths: readonly string[], baseVersion: number, currentVersion: number) =>
    new RookeryError(
      'CONFIG_DRAFT_CONFLICTS',
      `The draft and version ${currentVersion} changed the same settings since version ${baseVersion}: ${paths.slice(0, 10).join(', ')}.`,
      { status: 409, details: { paths, baseVersion, currentVersion } },
    ),
  draftIsText: () =>
    new RookeryError('CONFIG_DRAFT_IS_TEXT', 'Plain text has no settings to edit one by one: write it as a whole.', {
      status: 409,
    }),
  draftScheduled: (at: string) =>
    new RookeryError('CONFIG_DRAFT_SCHEDULED', `The draft is released at ${at}: cancel that to edit it.`, {
      status: 409,
      details: { at },
    }),
  scheduleUnknown: () =>
    new RookeryError('CONFIG_SCHEDULE_UNKNOWN', 'No release of the key waits for its time.', { status: 404 }),
  scheduleInvalid: (reason: string) =>
    new RookeryError('CONFIG_SCHEDULE_INVALID', `The time of a release must be ${reason}.`, { status: 400 }),
  placeholderCycle: (cycle: readonly string[]) =>
    new RookeryError('CONFIG_PLACEHOLDER_CYCLE', `Placeholders go in a circle: ${cycle.join(' -> ')}.`, {
      status: 422,
      details: { cycle },
    }),
  placeholderMissing: (key: string, path: readonly string[]) =>
    new RookeryError(
      'CONFIG_PLACEHOLDER_MISSING',
      `There is no setting \${${key}} and no default for it, at ${path.join(' -> ')}.`,
      { status: 422, details: { key, path } },
    ),
  placeholderSecret: (key: string, path: readonly string[]) =>
    new RookeryError(
      'CONFIG_PLACEHOLDER_SECRET',
      `\${${key}} is encrypted, and would not be at ${path.join(' -> ')}: write it there itself.`,
      { status: 422, details: { key, path } },
    ),
  importInvalid: (reason: string) =>
    new RookeryError('CONFIG_IMPORT_INVALID', `The file cannot be imported: ${reason}.`, { status: 400 }),
  importRefused: (where: string, cause: RookeryError) =>
    new RookeryError('CONFIG_IMPORT_REFUSED', `Nothing was imported. ${where}: ${cause.message}`, {
      status: cause.status,
      details: { where, reason: cause.message },
      cause,
    }),
  transferTooLarge: (reason: string) =>
    new RookeryError('CONFIG_TRANSFER_TOO_LARGE', `This is too much for one file: ${reason}. Take a group at a time.`, {
      status: 413,
    }),
  gitFailed: (reason: string) =>
    new RookeryError('CONFIG_GIT_FAILED', `The repository cannot be used: ${reason}.`, { status: 422 }),
  gitBusy: () =>
    new RookeryError('CONFIG_GIT_BUSY', 'Too many commits are being looked for at once.', {
      status: 503,
      retryAfterMs: 1_000,
    }),
  readOnly: (environment: string, url: string) =>
    new RookeryError('CONFIG_READ_ONLY', `The environment ${environment} is read from ${url}: push it there.`, {
      status: 409,
    }),
  labelUnknown: (label: string) =>
    new RookeryError('CONFIG_LABEL_UNKNOWN', `The repository has no commit ${label}.`, { status: 404 }),
  listeningInvalid: (reason: string) =>
    new RookeryError('CONFIG_LISTENING_INVALID', `What to listen to cannot be read: ${reason}.`, { status: 400 }),
  signatureInvalid: (reason: string) =>
    new RookeryError('CONFIG_SIGNATURE_INVALID', `The access key's signature is refused: ${reason}.`, { status: 401 }),
  tokenMissing: () =>
    new RookeryError(
      'TOKEN_MISSING',
      'This needs a token: an access token of the platform or of the centre, as "Authorization: Bearer <token>". Services take theirs from CONFIG_TOKEN or CONFIG_TOKEN_FILE.',
      { status: 401 },
    ),
  tokenRefused: (reason: string) =>
    new RookeryError('TOKEN_REFUSED', `The token is refused: ${reason}. Get a new one.`, { status: 401 }),
  rightMissing: (right: string, { environment, namespace }: { environment: string; namespace?: string }) =>
    new RookeryError(
      'PERMISSION_MISSING',
      `This needs the permission config:${[right, environment, ...(namespace === undefined ? [] : [namespace])].join(':')}, which the caller has not been granted.`,
      { status: 403, details: { right, environment, ...(namespace !== undefined && { namespace }) } },
    ),
  keyRingMissing: (path: string) =>
    new RookeryError(
      'CONFIG_KEY_RING_MISSING',
      `${path === '' ? 'The values' : `The value at ${path}`} cannot be encrypted or read: the centre has no key ring. Set CONFIG_KEYS=<id>=<key>, or CONFIG_KEYS_FILE, with a key from: openssl rand -base64 32.`,
      { status: 422 },
    ),
  maskUnknown: (path: string) =>
    new RookeryError(
      'CONFIG_MASK_UNKNOWN',
      `The mask at ${path} stands for nothing: there is no encrypted value to keep. Encrypt one for this path.`,
      { status: 422, details: { path } },
    ),
  notSealed: (path: string) =>
    new RookeryError(
      'CONFIG_NOT_SEALED',
      `What stands at ${path} begins like an encrypted value and is none: it stands alone, as POST …/encrypt gave it.`,
      { status: 422, details: { path } },
    ),
  tokenUnknown: (id: string) =>
    new RookeryError('CONFIG_TOKEN_UNKNOWN', `The namespace has no token ${id}.`, { status: 404 }),
  tooManyTokens: (namespace: string, limit: number) =>
    new RookeryError(
      'CONFIG_TOO_MANY_TOKENS',
      `The namespace ${namespace} has ${limit} tokens that are good: revoke some first.`,
      { status: 409 },
    ),
  signInRefused: () =>
    new RookeryError('CONFIG_SIGN_IN_REFUSED', 'The password is no access token of the centre.', { status: 403 }),
  matchInvalid: () =>
    new RookeryError('CONFIG_IF_MATCH_INVALID', 'If-Match must be the ETag of a version, "7" in its quotes.', {
      status: 400,
    }),
  tooManyWatchers: (limit: number) =>
    new RookeryError('CONFIG_TOO_MANY_WATCHERS', `This replica already serves ${limit} watchers. Try another one.`, {
      status: 503,
      retryAfterMs: 2_000,
    }),
};
