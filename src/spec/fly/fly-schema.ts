import { z } from 'zod';
import { matching, VARIABLE_NAME, VARIABLE_NAME_RULE } from '../schema/fields.ts';
import { expected } from '../schema/found.ts';
import { landed, notYet } from '../schema/notes.ts';

/**
 * fly.toml as its reference describes it: which keys there are and which of
 * them mean something here. Ranges are checked on the app file made of it.
 */

const notes = 'A key of fly.toml.';
const refused = () => notYet(z.unknown(), notes);
const only = <T extends z.ZodType>(schema: T, ...values: z.output<T>[]) => landed(schema, notes, { values });

const name = z.string();
const names = z.array(name);
const quantity = z.union([z.number(), z.string()], {
  error: ({ input }) => expected('a number, or text with a unit', input),
});

const mount = z.strictObject({
  source: name,
  destination: name,
  processes: names.optional(),
  initial_size: quantity.optional(),
  snapshot_retention: z.number().optional(),
  scheduled_snapshots: only(z.boolean().optional(), false),
  auto_extend_size_threshold: refused(),
  auto_extend_size_increment: refused(),
  auto_extend_size_limit: refused(),
});

const check = z.strictObject({
  grace_period: quantity.optional(),
  interval: quantity.optional(),
  timeout: quantity.optional(),
  method: only(z.string().toUpperCase().optional(), 'GET'),
  path: z.string().optional(),
  protocol: only(z.string().optional(), 'http'),
  tls_skip_verify: refused(),
  tls_server_name: refused(),
  headers: refused(),
});

const httpService = z.strictObject({
  internal_port: z.number().optional(),
  force_https: z.boolean().optional(),
  auto_stop_machines: z.union([z.boolean(), z.enum(['off', 'stop', 'suspend'])]).optional(),
  auto_start_machines: z.boolean().optional(),
  min_machines_running: z.number().optional(),
  processes: names.optional(),
  checks: z.array(check).optional(),
  concurrency: refused(),
  http_options: refused(),
  tls_options: refused(),
  machine_checks: refused(),
});

const vm = z.strictObject({
  size: z.string().optional(),
  memory: quantity.optional(),
  cpus: z.number().optional(),
  cpu_kind: z.enum(['shared', 'performance']).optional(),
  processes: names.optional(),
  gpu_kind: refused(),
  gpus: refused(),
  kernel_args: refused(),
  host_dedication_id: refused(),
});

const deploy = z.strictObject({
  strategy: only(z.enum(['rolling', 'immediate', 'canary', 'bluegreen']).optional(), 'rolling'),
  max_unavailable: only(z.number().optional(), 0.33, 1),
  wait_timeout: quantity.optional(),
  release_command: refused(),
  release_command_vm: refused(),
  release_command_timeout: refused(),
});

const build = z.strictObject({
  dockerfile: refused(),
  image: refused(),
  builder: refused(),
  buildpacks: refused(),
  args: refused(),
  ignorefile: refused(),
  settings: refused(),
  compose: refused(),
  'build-target': refused(),
});

const oneOrMany = <T extends z.ZodType>(schema: T) =>
  z.union([z.array(schema), schema.transform((one) => [one])], {
    error: ({ input }) => expected('a table or an array of tables', input),
  });

const environment = z.record(
  matching(VARIABLE_NAME, VARIABLE_NAME_RULE),
  z.union([z.string(), z.number(), z.boolean()], {
    error: ({ input }) => expected('text, a number or true or false', input),
  }),
);

export const flySchema = z.strictObject({
  app: name.optional(),
  primary_region: name.optional(),
  kill_signal: only(z.string().optional(), 'SIGTERM'),
  kill_timeout: quantity.optional(),
  env: environment.optional(),
  build: build.optional(),
  deploy: deploy.optional(),
  processes: z.record(name, z.string()).optional(),
  mounts: oneOrMany(mount).optional(),
  http_service: httpService.optional(),
  vm: oneOrMany(vm).optional(),
  services: refused(),
  checks: refused(),
  console_command: refused(),
  experimental: refused(),
  files: refused(),
  host_dedication_id: refused(),
  metrics: refused(),
  restart: refused(),
  statics: refused(),
  swap_size_mb: refused(),
});

export type FlyFile = z.output<typeof flySchema>;
