import { createHash } from 'node:crypto';
import type { AppSpec } from '../../spec/app-spec.ts';

/** Longest label of a host name (RFC 1035, section 2.3.4). */
const LABEL = 63;

/**
 * Public host names of a web service: `<service>-<app>.localhost`, and
 * `<app>.localhost` for the one named `web`, else for the file's first.
 */
export function publicHosts(spec: AppSpec, service: string): readonly string[] {
  if (spec.services[service]?.type !== 'web-service') return [];
  const main = mainWebService(spec) === service ? [label(spec.app)] : [];
  return [...main, label(`${service}-${spec.app}`)].map((name) => `${name}.localhost`);
}

/** Host name of an app's bucket, as those of its services; no two resources of a file give the same. */
export function bucketHost(app: string, bucket: string): string {
  return `${label(`${bucket}-${app}`)}.localhost`;
}

function mainWebService(spec: AppSpec): string | undefined {
  if (spec.services.web?.type === 'web-service') return 'web';
  return Object.entries(spec.services).find(([, { type }]) => type === 'web-service')?.[0];
}

function label(text: string): string {
  const clean = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (clean.length <= LABEL) return clean;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${clean.slice(0, LABEL - 9)}-${digest}`;
}
