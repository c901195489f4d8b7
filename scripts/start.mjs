// `npm start`: from a clean clone to a running platform with the photo album on it.
import { join } from 'node:path';
import { installDependencies, installPrograms, pinnedBin, root, run } from './set-up.mjs';

installDependencies();
const missing = installPrograms({ bwrap: 'bubblewrap' });
if (missing.length > 0) {
  console.log(
    'bubblewrap is not installed: instances run without a sandbox, and mounts are links. Install it and deploy again.',
  );
}
run([join(pinnedBin, 'node'), 'scripts/vendor-sdk.mjs']);
run([join(root, 'holdfast'), 'up', '--detach', '--if-stopped']);
run([join(root, 'holdfast'), 'deploy', 'examples/photo-album']);
