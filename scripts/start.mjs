// `npm start`: from a clean clone to a running platform with the photo album on it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installDependencies, installPrograms, pinnedBin, pinnedEnv, root, run } from './set-up.mjs';

installDependencies();
const missing = installPrograms({ bwrap: 'bubblewrap' });
if (missing.length > 0) {
  console.log(
    'bubblewrap is not installed: instances run without a sandbox, and mounts are links. Install it and deploy again.',
  );
}
run([join(pinnedBin, 'node'), 'scripts/vendor-sdk.mjs']);
run([join(root, 'holdfast'), 'up', '--detach', '--if-stopped']);
while (deploymentIsUnderWay()) await sleep(250); // one that a killed platform goes on with
run([join(root, 'holdfast'), 'deploy', 'examples/photo-album']);

function deploymentIsUnderWay() {
  const argv = ['status', '--app', 'photo-album', '--json'];
  const { status, stdout } = spawnSync(join(root, 'holdfast'), argv, { encoding: 'utf8', env: pinnedEnv });
  return status === 0 && JSON.parse(stdout).deployment?.finishedAt === null;
}
