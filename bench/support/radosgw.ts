import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { exec } from '../../src/core/exec.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { freePorts } from '../../tests/support/free-port.ts';
import { presign, type S3Endpoint } from './s3-endpoint.ts';

const PROGRAMS = [
  'ceph',
  'ceph-authtool',
  'ceph-mgr',
  'ceph-mon',
  'ceph-osd',
  'monmaptool',
  'radosgw',
  'radosgw-admin',
];
const OSDS = [0, 1, 2];
const UP_MS = 120_000;

/** What is not installed of what radosgw needs (Debian: ceph-mon ceph-mgr ceph-osd ceph-common radosgw). */
export async function missingForRadosgw(): Promise<readonly string[]> {
  const directories = (process.env.PATH ?? '').split(delimiter);
  const isThere = async (program: string) =>
    (await Promise.allSettled(directories.map((directory) => access(join(directory, program), constants.X_OK)))).some(
      ({ status }) => status === 'fulfilled',
    );
  const found = await Promise.all(PROGRAMS.map(isThere));
  return PROGRAMS.filter((_, index) => !found[index]);
}

/**
 * radosgw on a Ceph cluster of its own on loopback: a monitor, a manager, three OSDs, two copies.
 * Everything is in `directory`; its daemons end with it.
 */
export async function startRadosgw(directory: string): Promise<S3Endpoint & AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const cluster = new MiniCluster(directory);
  starting.defer(() => cluster.stop());
  const [monPort = 0, port = 0] = await freePorts(2);
  await cluster.start(monPort, port);

  const keys = { accessKeyId: randomBytes(10).toString('hex'), secretAccessKey: randomBytes(20).toString('hex') };
  await cluster.run(
    ...['radosgw-admin', 'user', 'create', '--uid=bench', '--display-name=bench'],
    ...[`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`],
  );
  const target = { name: 'radosgw', endpoint: `http://127.0.0.1:${port}`, bucket: 'bench', ...keys };
  await waitUntil(() => answersOk(presign(target, { method: 'PUT' }), 'PUT'), { timeoutMs: UP_MS, what: 'radosgw' });
  const running = starting.move();
  return { ...target, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function answersOk(url: URL, method: string): Promise<boolean> {
  return await fetch(url, { method }).then(
    ({ ok }) => ok,
    () => false,
  );
}

interface Daemon {
  readonly argv: readonly [program: string, ...args: string[]];
  process: ChildProcess;
}

function hasEnded({ process: { exitCode, signalCode } }: Daemon): boolean {
  return exitCode !== null || signalCode !== null;
}

class MiniCluster {
  readonly #directory: string;
  readonly #config: string;
  readonly #daemons: Daemon[] = [];

  constructor(directory: string) {
    this.#directory = directory;
    this.#config = join(directory, 'ceph.conf');
  }

  async start(monPort: number, gatewayPort: number): Promise<void> {
    const fsid = randomUUID();
    await mkdir(join(this.#directory, 'run'), { recursive: true });
    await mkdir(join(this.#directory, 'mgr'));
    await writeFile(this.#config, configuration(this.#directory, { fsid, monPort, gatewayPort }));
    await this.#startMonitor(fsid, monPort);
    this.#spawn('ceph-mgr', '-i', 'x');
    for (const id of OSDS) await this.#startOsd(id);
    await waitUntil(() => this.#areOsdsUp(), { timeoutMs: UP_MS, what: 'the OSDs' });
    this.#spawn('radosgw', '-n', 'client.rgw');
  }

  /** A Ceph command against this cluster. @returns its stdout */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await exec([program, ...args], { env: { ...process.env, CEPH_CONF: this.#config } });
    return stdout;
  }

  /** What uses the others first. */
  async stop(): Promise<void> {
    for (const daemon of this.#daemons.toReversed()) {
      if (hasEnded(daemon)) continue;
      const exited = once(daemon.process, 'exit');
      daemon.process.kill('SIGKILL');
      await exited;
    }
  }

  async #startMonitor(fsid: string, port: number): Promise<void> {
    const [keyring, monmap] = [join(this.#directory, 'keyring'), join(this.#directory, 'monmap')];
    await this.run('ceph-authtool', '--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
    await this.run('monmaptool', '--create', '--addv', 'a', `[v1:127.0.0.1:${port}]`, '--fsid', fsid, monmap);
    await this.run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', monmap, '--keyring', keyring);
    this.#spawn('ceph-mon', '-i', 'a');
  }

  async #startOsd(id: number): Promise<void> {
    const uuid = randomUUID();
    await mkdir(join(this.#directory, `osd.${id}`));
    await this.run('ceph', 'osd', 'new', uuid);
    await this.run('ceph-osd', '-i', String(id), '--mkfs', '--osd-uuid', uuid);
    this.#spawn('ceph-osd', '-i', String(id));
  }

  /** An OSD that was faster than its first monitor map ends with "wrong fsid"; Ceph's units start it again, too. */
  async #areOsdsUp(): Promise<boolean> {
    for (const daemon of this.#daemons.filter(hasEnded)) daemon.process = this.#run(daemon.argv);
    const stat = JSON.parse(await this.run('ceph', 'osd', 'stat', '--format', 'json')) as { num_up_osds: number };
    return stat.num_up_osds === OSDS.length;
  }

  #spawn(...argv: Daemon['argv']): void {
    this.#daemons.push({ argv, process: this.#run(argv) });
  }

  /** In the foreground, so that its pid is ours to end. */
  #run([program, ...args]: Daemon['argv']): ChildProcess {
    return spawn(program, ['-f', '-c', this.#config, ...args], { stdio: 'ignore' });
  }
}

/**
 * Small, on one machine, and as durable as Ceph is by itself.
 * `rgw_multi_obj_del_max_aio`: with more, DeleteObjects of 16.2 can crash it.
 */
function configuration(
  directory: string,
  { fsid, monPort, gatewayPort }: { readonly fsid: string; readonly monPort: number; readonly gatewayPort: number },
): string {
  return `[global]
fsid = ${fsid}
mon_host = [v1:127.0.0.1:${monPort}]
public_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
osd_pool_default_size = 2
osd_pool_default_min_size = 1
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 1000
run_dir = ${directory}/run
log_file = ${directory}/$name.log
admin_socket = ${directory}/$name.asok
mon_data = ${directory}/mon
mgr_data = ${directory}/mgr
osd_data = ${directory}/osd.$id
keyring = ${directory}/keyring
bluestore_block_size = 10737418240
osd_memory_target = 1073741824

[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw_multi_obj_del_max_aio = 1
`;
}
