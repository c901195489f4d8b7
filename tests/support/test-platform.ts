import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-port.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** A whole platform, as its users run it: the CLI in a process of its own, real roles, real instances. */
export class TestPlatform implements AsyncDisposable {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** The checkout that it runs. */
  root = repository;
  readonly httpPort: number;
  readonly apiPort: number;
  readonly s3Port: number;
  readonly #dispose: () => Promise<void>;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #last: (() => Promise<void>)[] = [];

  private constructor(directory: string, ports: readonly number[], dispose: () => Promise<void>) {
    const [apiPort = 0, s3Port = 0, httpPort = 0] = ports;
    this.directory = directory;
    this.apiPort = apiPort;
    this.s3Port = s3Port;
    this.httpPort = httpPort;
    this.#dispose = dispose;
    const { PATH, LANG = 'C.UTF-8' } = process.env;
    this.env = {
      PATH,
      LANG,
      HOME: join(directory, 'home'),
      HOLDFAST_DATA_DIR: join(directory, 'data'),
      HOLDFAST_API_PORT: String(apiPort),
      HOLDFAST_S3_PORT: String(s3Port),
      HOLDFAST_HTTP_PORT: String(httpPort),
      HOLDFAST_LOG_LEVEL: 'debug',
    };
  }

  /** Not started yet: call `up`. `ports` are those of API, S3 and HTTP; default: free ones. */
  static async create({ ports }: { readonly ports?: readonly number[] } = {}): Promise<TestPlatform> {
    const temporary = await temporaryDirectory();
    return new TestPlatform(temporary.path, ports ?? (await freePorts(3)), async () =>
      temporary[Symbol.asyncDispose](),
    );
  }

  /** `machineHome`: with the machine's own home directory, so with its npm configuration, for apps with dependencies. */
  static async start({
    machineHome = false,
    logLevel = 'debug',
  }: {
    readonly machineHome?: boolean;
    readonly logLevel?: string;
  } = {}): Promise<TestPlatform> {
    const platform = await TestPlatform.create();
    platform.env.HOLDFAST_LOG_LEVEL = logLevel;
    if (machineHome) Object.assign(platform.env, process.env, { ...platform.env, HOME: process.env.HOME });
    await platform.up();
    return platform;
  }

  get dataDirectory(): string {
    return join(this.directory, 'data');
  }

  /** Runs `holdfast …` to its end, whatever its exit code. */
  async cli(
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
  ): Promise<CliResult> {
    const child = spawn(join(this.root, 'holdfast'), args, {
      cwd: options.cwd ?? this.directory,
      env: { ...this.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? 255));
    });
    return { code, ...output };
  }

  /** As `cli`, for what has to succeed. */
  async run(
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
  ): Promise<string> {
    const { code, stdout, stderr } = await this.cli(args, options);
    if (code === 0) return stdout;
    const log = await readFile(join(this.dataDirectory, 'logs', 'platform.log'), 'utf8').catch(() => '');
    throw new Error(
      `holdfast ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}\n--- platform.log\n${log.slice(-6000)}`,
    );
  }

  async json<T>(args: readonly string[], options: { cwd?: string } = {}): Promise<T> {
    return JSON.parse(await this.run([...args, '--json'], options)) as T;
  }

  async up(): Promise<void> {
    await this.run(['up', '--detach']);
  }

  /** One request through the edge to `<host>.localhost`. */
  async http(
    host: string,
    path: string,
    {
      method = 'GET',
      headers = {},
      body,
    }: { method?: string; headers?: Record<string, string>; body?: Uint8Array | string } = {},
  ): Promise<HttpAnswer> {
    return await new Promise((resolve, reject) => {
      const req = request(
        {
          host: '127.0.0.1',
          port: this.httpPort,
          path,
          method,
          agent: this.#agent,
          headers: {
            host: `${host}.localhost:${this.httpPort}`,
            ...headers,
            ...(body ? { 'content-length': Buffer.byteLength(body) } : {}),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
          );
        },
      );
      req.once('error', reject);
      req.end(body);
    });
  }

  /** Pids of the supervisor and its roles, in that order; none when it is not running. */
  async pids(): Promise<number[]> {
    const text = await readFile(join(this.dataDirectory, 'run', 'supervisor.json'), 'utf8').catch(() => undefined);
    if (!text) return [];
    const { pid } = JSON.parse(text) as { pid: number };
    const own = await parentsOfProcesses();
    return own.has(pid) ? [pid, ...[...own].filter(([, parent]) => parent === pid).map(([child]) => child)] : [];
  }

  /** Pid of a role; `undefined` while there is none. */
  async rolePid(role: string): Promise<number | undefined> {
    for (const pid of await this.pids()) {
      const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (argv.split('\0').slice(-3, -1).join(' ') === `role ${role}`) return pid;
    }
    return undefined;
  }

  async killRole(role: string): Promise<number> {
    const pid = await this.rolePid(role);
    if (pid === undefined) throw new Error(`there is no ${role} role`);
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** The end of the whole platform, without a chance to say goodbye; its instances stay. */
  async kill9(): Promise<void> {
    const pids = await this.pids();
    for (const pid of pids) killIfThere(pid);
    await waitForEnd(pids);
  }

  /**
   * Living processes of this platform's instances: pid to instance id. Those
   * inside a sandbox know nothing of the platform's directory; the launcher
   * that they descend from does.
   */
  async instanceProcesses(): Promise<Map<number, string>> {
    const parents = await parentsOfProcesses();
    const launched = new Map<number, string>();
    for (const pid of parents.keys()) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const instance = environment.split('\0').find((variable) => variable.startsWith('HOLDFAST_INSTANCE='));
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (instance && (environment + command).includes(this.directory)) launched.set(pid, instance.slice(18));
    }
    const found = new Map<number, string>();
    for (const pid of parents.keys()) {
      const launcher = ancestry(pid, parents).find((ancestor) => launched.has(ancestor));
      if (launcher !== undefined) found.set(pid, launched.get(launcher) ?? '');
    }
    return found;
  }

  /** Ends all instances as a crash would; returns when none of their processes is alive. */
  async killInstances(): Promise<void> {
    const pids = [...(await this.instanceProcesses()).keys()];
    for (const pid of pids) killIfThere(pid);
    await waitForEnd(pids);
  }

  /** To be done when nothing runs any more and the files are still there. */
  atEnd(look: () => Promise<void>): void {
    this.#last.push(look);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.cli(['down', '--all']);
    for (const look of this.#last) await look();
    await this.#dispose();
  }
}

async function processIds(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Living processes with their parents (proc(5), stat, field 4); zombies are dead. */
async function parentsOfProcesses(): Promise<Map<number, number>> {
  const parents = new Map<number, number>();
  for (const pid of await processIds()) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state && state !== 'Z') parents.set(pid, Number(parent));
  }
  return parents;
}

/** The process itself, its parent and so on. */
function ancestry(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const line = [];
  for (let next: number | undefined = pid; next; next = parents.get(next)) line.push(next);
  return line;
}

async function waitForEnd(pids: readonly number[]): Promise<void> {
  for (;;) {
    const alive = await parentsOfProcesses();
    if (!pids.some((pid) => alive.has(pid))) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
