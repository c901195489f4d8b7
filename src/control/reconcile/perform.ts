import type { Action } from '../plan/actions.ts';
import type { ControlContext } from './context.ts';
import * as deployment from './deployment-actions.ts';
import { inJournal } from './in-journal.ts';
import * as instance from './instance-actions.ts';
import * as storage from './storage-actions.ts';

type Runners = {
  readonly [K in Action['kind']]: (
    context: ControlContext,
    app: string,
    action: Extract<Action, { kind: K }>,
  ) => Promise<void>;
};

const runners: Runners = {
  build: deployment.build,
  'advance-deployment': deployment.advanceDeployment,
  'turn-back': deployment.turnBack,
  'finish-deployment': deployment.finishDeployment,
  'forget-app': deployment.forgetApp,
  'create-volume': storage.createVolume,
  'bind-volume': storage.bindVolume,
  'extend-volume': storage.extendVolume,
  'create-filesystem': storage.createFilesystem,
  'ensure-bucket': storage.ensureBucket,
  'claim-storage': storage.claimStorage,
  'attach-volume': storage.attachVolume,
  'detach-volume': storage.detachVolume,
  'mount-filesystem': storage.mountFilesystem,
  'unmount-filesystem': storage.unmountFilesystem,
  'create-instance': instance.createInstance,
  'start-instance': instance.startInstance,
  'activate-instance': instance.activateInstance,
  'drain-instance': instance.drainInstance,
  'recall-instance': instance.recallInstance,
  'time-drain': instance.timeDrain,
  'fail-instance': instance.failInstance,
  'stop-instance': instance.stopInstance,
  'remove-instance': instance.removeInstance,
  'grant-buckets': storage.grantBuckets,
  'revoke-buckets': storage.revokeBuckets,
  'set-routes': ({ routes }, app, action) => routes.replace(app, action.routes),
};

/** Runs one action, with its step in the journal before and after. */
export async function perform(context: ControlContext, app: string, action: Action): Promise<void> {
  await inJournal(context, { app, action }, () => run(context, app, action));
}

function run<K extends Action['kind']>(
  context: ControlContext,
  app: string,
  action: Extract<Action, { kind: K }>,
): Promise<void> {
  const runner = runners[action.kind] as Runners[K];
  return runner(context, app, action);
}
