// `npm test`: installs what the tests need and runs them all.
import { join } from 'node:path';
import { installDependencies, installPrograms, pinnedBin, run } from './set-up.mjs';

installDependencies();
const missing = installPrograms({
  bwrap: 'bubblewrap',
  curl: 'curl',
  '/usr/bin/aws': 'awscli',
  '/usr/bin/rclone': 'rclone',
  '/usr/bin/s3cmd': 's3cmd',
  '/usr/bin/restic': 'restic',
  '/usr/bin/s3fs': 's3fs',
  '/usr/lib/python3/dist-packages/boto3': 'python3-boto3',
  '/usr/lib/ruby/vendor_ruby/aws-sdk-s3': 'ruby-aws-sdk-s3',
  '/usr/bin/docker-registry': 'docker-registry',
  '/usr/bin/duplicity': 'duplicity',
  '/usr/sbin/nginx': 'nginx-light',
  '/usr/bin/chromium': 'chromium',
  nbdkit: 'nbdkit',
  'qemu-storage-daemon': 'qemu-system-common',
  fusermount3: 'fuse3',
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
});
if (missing.length > 0 && process.env.CI === 'true') {
  console.error(`missing and not to be installed: ${missing.join(', ')}`);
  process.exit(1);
}
run([join(pinnedBin, 'tsc'), '--noEmit']);
run([join(pinnedBin, 'biome'), 'check', '.']);
run([join(pinnedBin, 'knip')]);
run([join(pinnedBin, 'node'), 'scripts/vendor-sdk.mjs']);
run([join(pinnedBin, 'vitest'), 'run', ...process.argv.slice(2)]);
