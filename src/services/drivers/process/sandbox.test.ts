import { describe, expect, it } from 'vitest';
import { encodeArguments, mountRefusal, sandboxArguments } from './sandbox.ts';

const OPTIONS = { app: '/d/app', temporary: '/d/tmp', mounts: [], environment: {}, hidden: [] };

const flat = (options: Partial<Parameters<typeof sandboxArguments>[0]>) =>
  sandboxArguments({ ...OPTIONS, ...options }).join(' ');

describe('sandboxArguments', () => {
  it('begins with nothing, drops all rights, and dies with the launcher', () => {
    const text = flat({});
    for (const flag of ['--die-with-parent', '--unshare-pid', '--cap-drop ALL', '--clearenv', '--remount-ro /']) {
      expect(text).toContain(flag);
    }
    expect(text.indexOf('--tmpfs /')).toBeLessThan(text.indexOf('bind'));
    expect(text).toContain('--bind /d/app /app');
    expect(text).toContain('--bind /d/tmp /tmp');
  });

  it('mounts outer paths first, read-only where it is asked', () => {
    const mounts = [
      { name: 'inner', hostPath: '/v/2', mountPath: '/data/inner' },
      { name: 'outer', hostPath: '/v/1', mountPath: '/data', readOnly: true },
    ];
    expect(flat({ mounts })).toContain('--ro-bind /v/1 /data --bind /v/2 /data/inner');
  });

  it('covers a hidden directory where a system directory would show it', () => {
    const text = flat({ hidden: ['/usr/local/holdfast/data', '/var/lib/holdfast'] });
    expect(text).toContain('--tmpfs /usr/local/holdfast/data');
    expect(text).not.toContain('/var/lib/holdfast');
  });

  it('passes values of any content', () => {
    const args = sandboxArguments({ ...OPTIONS, environment: { A: '--bind / /\n"x"' } });
    expect(args.slice(-3)).toEqual(['--setenv', 'A', '--bind / /\n"x"']);
    expect(encodeArguments(['a', ''])).toBe('a\0\0');
  });
});

describe('mountRefusal', () => {
  const refusal = (mountPath: string) => mountRefusal({ name: 'data', hostPath: '/v', mountPath });

  it.each(['/', '/app', '/tmp', '/usr', '/usr/lib/x', '/etc/x', '/proc', '/dev/shm', '/sys/x', '/run/x'])(
    '%s',
    (path) => {
      expect(refusal(path)).toContain(path);
    },
  );

  it.each(['/data', '/app/uploads', '/tmp/cache', '/mnt/x', '/users', '/var/lib/data', '/home/node'])(
    '%s is free',
    (path) => {
      expect(refusal(path)).toBeUndefined();
    },
  );
});
