import { z } from 'zod';
import { APP_NAME, APP_NAME_RULE, matching, resourceName } from './fields.ts';
import { key } from './notes.ts';
import { job, lambdaFunction, privateService, webService, workerService } from './service.ts';
import { bucket, efsFilesystem, filesystem, volume } from './storage.ts';

const resource = z.discriminatedUnion('type', [
  webService,
  workerService,
  bucket,
  volume,
  filesystem,
  efsFilesystem,
  privateService,
  job,
  lambdaFunction,
]);

/** The whole app file: types, validation, editor schema and reference page all come from here. */
export const appFileSchema = z.strictObject({
  app: key(matching(APP_NAME, APP_NAME_RULE).optional(), "Name of the app; that of the file's directory when absent."),
  resources: key(z.record(resourceName(), resource), 'Services and storage of the app, by name.'),
});

export type AppFile = z.output<typeof appFileSchema>;
export type Resource = AppFile['resources'][string];
