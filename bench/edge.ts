/**
 * The edge beside nginx (when installed) as a proxy for small answers:
 * `node bench/edge.ts`. The same backend, the same load, in turn. Requests/s
 * moves with the machine's load; CPU time a request is what compares.
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exec } from '../src/core/exec.ts';
import { waitUntil } from '../src/core/retry.ts';
import type { RouteTable } from '../src/edge/edge-admin.ts';
import { startEdgeProcess } from '../tests/acceptance/edge/edge-process.ts';
import { freePorts } from '../tests/support/free-port.ts';
import { temporaryDirectory } from '../tests/support/temporary-directory.ts';
import { repository } from '../tests/support/test-platform.ts';
import { median, printTable } from './support/table.ts';

const ROUNDS = 3;
const SECONDS = 3;
const CLIENTS = 32;
/** USER_HZ, the unit of /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Proxy extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

interface Round {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly p99Ms: number;
}

await using directory = await temporaryDirectory();
const backend = createServer((_req, res) => res.end('a small answer of an app\n'));
await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
const { port: backendPort } = backend.address() as AddressInfo;
await using edge = await startEdge();
await using nginx = await startNginx();
const proxies: Proxy[] = nginx ? [edge, nginx] : [edge];

const rounds = new Map<Proxy, Round[]>(proxies.map((proxy) => [proxy, []]));
for (let n = 0; n < ROUNDS; n++) {
  for (const proxy of proxies) rounds.get(proxy)?.push(await measure(proxy));
}
const rows = [...rounds].map(([{ name }, all]) => {
  const middle = (of: (round: Round) => number) => Math.round(median(all.map(of))).toString();
  return [name, middle((r) => r.perSecond), middle((r) => r.cpuMicroseconds), middle((r) => r.p99Ms)];
});
console.log(`\nProxy, small answers, ${CLIENTS} clients, median of ${ROUNDS} rounds`);
printTable(['proxy', 'requests/s', 'CPU µs/request', 'p99 ms'], rows);
backend.close();

async function startEdge(): Promise<Proxy> {
  const tablePath = join(directory.path, 'routes.json');
  const backends = [{ instance: 'a', host: '127.0.0.1', port: backendPort, state: 'active' as const }];
  const table: RouteTable = { routes: [{ id: 'bench/web', hosts: ['127.0.0.1'], backends, holdMs: 0 }] };
  await writeFile(tablePath, JSON.stringify(table));
  return Object.assign(await startEdgeProcess(tablePath), { name: 'edge' });
}

async function startNginx(): Promise<Proxy | undefined> {
  const [port = 0] = await freePorts(1);
  const path = join(directory.path, 'nginx.conf');
  await writeFile(path, nginxConfig(port));
  const child = spawn('nginx', ['-c', path, '-e', join(directory.path, 'error.log')], { stdio: 'inherit' });
  const started = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true)).once('error', () => resolve(false));
  });
  if (!started || child.pid === undefined) {
    console.log('nginx is not installed: the edge is measured alone');
    return undefined;
  }
  const url = `http://127.0.0.1:${port}/`;
  const answers = () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntil(answers, { timeoutMs: 5000, what: 'nginx' });
  return {
    name: 'nginx',
    port,
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill();
      await closed;
    },
  };
}

/** One process, and the header fields that the edge sets. */
function nginxConfig(port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off; master_process off; pid ${directory.path}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000;
  ${temporary.map((kind) => `${kind}_temp_path ${directory.path}/${kind};`).join(' ')}
  upstream backend { server 127.0.0.1:${backendPort}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto http; proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Forwarded "for=$remote_addr;host=$http_host;proto=http";
    }
  }
}
`;
}

async function measure({ name, port, pid }: Proxy): Promise<Round> {
  const program = join(repository, 'node_modules', 'autocannon', 'autocannon.js');
  const cpuBefore = await cpuSeconds(pid);
  const { stdout } = await exec([
    process.execPath,
    program,
    ...['--json', '-c', String(CLIENTS), '-d', String(SECONDS), `http://127.0.0.1:${port}/`],
  ]);
  const { requests, latency, errors, non2xx } = JSON.parse(stdout);
  if (errors + non2xx > 0) throw new Error(`${name}: ${errors} errors, ${non2xx} answers other than 2xx`);
  const cpu = (await cpuSeconds(pid)) - cpuBefore;
  return { perSecond: requests.average, cpuMicroseconds: (cpu / requests.total) * 1e6, p99Ms: latency.p99 };
}

/** User and system time of a process so far: proc(5), fields 14 and 15 of stat. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
