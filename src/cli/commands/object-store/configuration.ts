import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { unreadable } from '../../user-files.ts';
import { parseCorsRules, printCorsRules } from './cors-rules.ts';
import { parseLifecycle, printLifecycle } from './lifecycle-rules.ts';
import { withBucketRequests } from './open-bucket.ts';
import { parseWebsite, printWebsite } from './website-configuration.ts';

/** A document that S3 keeps with a bucket. */
interface Configuration {
  readonly name: string;
  readonly title: string;
  /** Of the S3 API: `?policy`. */
  readonly parameter: string;
  /** From a file as people write it to S3's form, and back. */
  readonly encode: (file: string) => string;
  readonly decode: (document: string) => string;
}

const CONFIGURATIONS: readonly Configuration[] = [
  {
    name: 'policy',
    title: 'policy of a bucket: who may do what in it',
    parameter: 'policy',
    encode: (file) => file,
    decode: (document) => document,
  },
  {
    name: 'cors',
    title: 'CORS rules of a bucket: which pages may use it',
    parameter: 'cors',
    encode: parseCorsRules,
    decode: printCorsRules,
  },
  {
    name: 'lifecycle',
    title: 'lifecycle rules of a bucket: what is removed by itself, and when',
    parameter: 'lifecycle',
    encode: parseLifecycle,
    decode: printLifecycle,
  },
  {
    name: 'website',
    title: 'website configuration of a bucket: index, error document and redirects',
    parameter: 'website',
    encode: parseWebsite,
    decode: printWebsite,
  },
];

/** `policy`, `cors`, `lifecycle` and `website`, each with `get`, `set` and `unset`. */
export function bucketConfigurations(buckets: Command): void {
  for (const configuration of CONFIGURATIONS) {
    const command = buckets.command(configuration.name).description(`the ${configuration.title}`);
    getConfiguration(command, configuration);
    setConfiguration(command, configuration);
    unsetConfiguration(command, configuration);
  }
}

function getConfiguration(command: Command, { name, parameter, decode }: Configuration): void {
  command
    .command('get <bucket>')
    .description(`print the ${name} as JSON`)
    .addHelpText('after', examples(`object-store ${name} get my-app-images > ${name}.json`))
    .action(
      action(async ({ api }, bucket: string) => {
        const answer = await withBucketRequests(api, bucket, (s3) =>
          s3.send({ method: 'GET', query: { [parameter]: '' } }),
        );
        const document = decode(answer.text);
        return { data: JSON.parse(document), text: document };
      }),
    );
}

function setConfiguration(command: Command, { name, parameter, encode }: Configuration): void {
  command
    .command('set <bucket> <file>')
    .description(`put the JSON of a file, or with - of the input, in place of the ${name} there is`)
    .addHelpText('after', examples(`object-store ${name} set my-app-images ${name}.json`))
    .action(
      action(async ({ api }, bucket: string, file: string) => {
        const body = Buffer.from(encode(await readInput(file)));
        await withBucketRequests(api, bucket, (s3) => s3.send({ method: 'PUT', query: { [parameter]: '' }, body }));
        return { data: { bucket, [name]: 'set' }, text: `The ${name} of ${bucket} is set.` };
      }),
    );
}

function unsetConfiguration(command: Command, { name, parameter }: Configuration): void {
  command
    .command('unset <bucket>')
    .description(`take the ${name} away`)
    .addHelpText('after', examples(`object-store ${name} unset my-app-images`))
    .action(
      action(async ({ api }, bucket: string) => {
        await withBucketRequests(api, bucket, (s3) => s3.send({ method: 'DELETE', query: { [parameter]: '' } }));
        return { data: { bucket, [name]: 'unset' }, text: `${bucket} has no ${name} of its own.` };
      }),
    );
}

async function readInput(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw await unreadable(file, error);
  }
}
