import { HoldfastError } from '../core/errors.ts';

/** What goes wrong before the API is asked, or on the way to it. */
export const cliErrors = {
  notRunning: (cause?: unknown) =>
    new HoldfastError({
      code: 'platform.not-running',
      kind: 'unavailable',
      message: 'Holdfast is not running',
      hint: 'start it with `holdfast up`, or name another one with HOLDFAST_URL and HOLDFAST_TOKEN',
      cause,
    }),

  notYours: (path: string, cause: Error) =>
    new HoldfastError({
      code: 'platform.not-yours',
      kind: 'unauthenticated',
      message: `${path} belongs to another user: it holds the key to the platform`,
      hint: 'run the command as the user that started it, or set HOLDFAST_URL and HOLDFAST_TOKEN',
      cause,
    }),

  unreachable: (url: string, cause: unknown) =>
    new HoldfastError({
      code: 'platform.unreachable',
      kind: 'unavailable',
      message: `no Holdfast answers at ${url}`,
      hint: 'check HOLDFAST_URL, and that the platform there is running',
      cause,
    }),

  noToken: (url: string) =>
    new HoldfastError({
      code: 'token.missing',
      kind: 'unauthenticated',
      message: `HOLDFAST_URL names ${url}, but there is no token for it`,
      hint: 'set HOLDFAST_TOKEN to the token in cli.json of that platform',
    }),

  badUrl: (url: string) =>
    new HoldfastError({
      code: 'url.invalid',
      kind: 'invalid',
      message: `HOLDFAST_URL is "${url}", which is not an http or https address`,
      hint: 'write it like http://127.0.0.1:7300',
    }),

  noAppFile: (directory: string, names: readonly string[]) =>
    new HoldfastError({
      code: 'app-file.missing',
      kind: 'not-found',
      message: `there is no app file (${names.join(', ')}) in ${directory}`,
      hint: 'write one with `holdfast launch`, or name it with --file',
    }),

  appFileExists: (path: string) =>
    new HoldfastError({
      code: 'app-file.exists',
      kind: 'conflict',
      message: `there is an app file already: ${path}`,
      hint: 'deploy it with `holdfast deploy`',
    }),

  noApps: () =>
    new HoldfastError({
      code: 'app.none',
      kind: 'not-found',
      message: 'nothing is deployed yet',
      hint: 'deploy an app with `holdfast deploy`, or begin one with `holdfast launch`',
    }),

  whichApp: (names: readonly string[]) =>
    new HoldfastError({
      code: 'app.unclear',
      kind: 'invalid',
      message: `which app? There are ${names.length}: ${names.join(', ')}`,
      hint: 'name one with --app or HOLDFAST_APP, or run the command where its app file is',
    }),

  unconfirmed: (what: string) =>
    new HoldfastError({
      code: 'confirmation.missing',
      kind: 'invalid',
      message: `${what} was not confirmed; nothing was changed`,
      hint: 'pass --yes where nobody can be asked',
    }),

  usage: (message: string, hint: string) => new HoldfastError({ code: 'usage', kind: 'invalid', message, hint }),

  deploymentFailed: (app: string, release: number, { status, reason }: { status: string; reason: string }) =>
    new HoldfastError({
      code: `deployment.${status}`,
      kind: 'internal',
      message:
        status === 'rolled-back'
          ? `release ${release} of ${app} was rolled back: ${reason}`
          : `release ${release} of ${app} could not be deployed: ${reason}`,
      hint: `\`holdfast logs --app ${app}\` shows what its instances said`,
    }),

  noService: (app: string, service: string, guess: string | undefined) =>
    new HoldfastError({
      code: 'service.not-found',
      kind: 'not-found',
      message: `${app} has no service "${service}"`,
      hint: guess ? `did you mean "${guess}"?` : `\`holdfast status --app ${app}\` lists its services`,
    }),

  nothingToRollBackTo: (app: string) =>
    new HoldfastError({
      code: 'rollback.none',
      kind: 'conflict',
      message: `${app} has no earlier release that has served`,
      hint: `\`holdfast releases --app ${app}\` lists what there is`,
    }),

  /** A prefix without a key does not exist: most often it is misspelt. */
  nothingThere: (bucket: string, prefix: string) =>
    new HoldfastError({
      code: 'prefix.empty',
      kind: 'not-found',
      message: `there is nothing under "${prefix}" in the bucket "${bucket}"; nothing was changed`,
      hint: `check how it is spelt: \`holdfast object-store ls ${bucket}\` lists what there is`,
      resource: `bucket ${bucket}`,
    }),

  notADirectory: (bucket: string, key: string) =>
    new HoldfastError({
      code: 'prefix.object',
      kind: 'invalid',
      message: `"${key}" in the bucket "${bucket}" is one object, and nothing is below it; nothing was changed`,
      hint: `\`holdfast object-store get ${bucket} ${key}\` downloads it, \`cp\` copies it`,
      resource: `object ${bucket}/${key}`,
    }),

  webhookSilent: (name: string, why: string) =>
    new HoldfastError({
      code: 'webhook.silent',
      kind: 'unavailable',
      message: `the webhook ${name} did not take a test message: ${why}`,
      hint: 'it must answer a POST with a status from 200 to 299 within 10 seconds',
      resource: `webhook ${name}`,
    }),

  subscriptionMissing: (bucket: string, id: string) =>
    new HoldfastError({
      code: 'subscription.not-found',
      kind: 'not-found',
      message: `${bucket} has no subscription ${id}`,
      hint: `\`holdfast object-store events subscriptions ${bucket}\` lists what it has`,
      resource: `bucket ${bucket}`,
    }),

  objectMissing: (bucket: string, key: string, snapshot?: string) =>
    new HoldfastError({
      code: 'object.not-found',
      kind: 'not-found',
      message: `${snapshot === undefined ? '' : `the snapshot ${snapshot} of `}the bucket "${bucket}" has no object "${key}"`,
      hint: `\`holdfast object-store ls ${bucket}${snapshot === undefined ? '' : ` --snapshot ${snapshot}`}\` lists what it has`,
      resource: `object ${bucket}/${key}`,
    }),

  bucketSnapshotMissing: (bucket: string, snapshot: string) =>
    new HoldfastError({
      code: 'snapshot.not-found',
      kind: 'not-found',
      message: `the bucket "${bucket}" has no snapshot ${snapshot}`,
      hint: `\`holdfast object-store snapshots list ${bucket}\` lists those it has`,
      resource: `bucket ${bucket}`,
    }),

  versionMissing: (bucket: string, key: string, versionId: string) =>
    new HoldfastError({
      code: 'version.not-found',
      kind: 'not-found',
      message: `"${key}" in the bucket "${bucket}" has no version ${versionId}`,
      hint: `\`holdfast object-store ls ${bucket} ${key} --versions\` lists those it has`,
      resource: `object ${bucket}/${key}`,
    }),
} as const;
