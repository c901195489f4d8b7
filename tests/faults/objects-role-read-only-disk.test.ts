import { describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { FaultyDisk, faultyDiskObstacle } from '../support/faulty-disk.ts';
import { startGatewayProcess, startObjectsProcess } from '../support/objects-process.ts';
import { signedRequest } from '../support/signed-request.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const DISK_BYTES = 384 * 2 ** 20;
/** In the journal, and in a file of its own. */
const SIZES = [5000, 500_000] as const;

const obstacle = faultyDiskObstacle();
const needs = obstacle ? ` (${obstacle})` : '';

describe.skipIf(obstacle !== undefined && process.env.CI !== 'true')(`a disk that fails${needs}`, () => {
  test('when the system makes the file system read-only, reads go on, writes are told to come back, and a repair is enough', async () => {
    await using stack = new AsyncDisposableStack();
    const { path: directory } = stack.use(await temporaryDirectory());
    const mountOptions = ['errors=remount-ro'];
    const options = { directory, bytes: DISK_BYTES, fileSystem: 'ext4', mountOptions } as const;
    const disk = stack.use(await FaultyDisk.create(options));
    await disk.mount();
    let objects = stack.use(await startObjectsProcess('data', disk.path));
    const gateway = stack.use(await startGatewayProcess(objects));
    const { key } = objects;
    const ask = (port: number, method: string, name: string, body?: Uint8Array<ArrayBuffer>) =>
      signedRequest({ port, key }, { method, path: `/data/${name}`, ...(body && { body }) });
    /** In the objects role, and in a gateway that writes large ones into the store's files itself. */
    const putAll = (name: string) => {
      const ports = [objects.port, gateway.port];
      const puts = ports.flatMap((port, place) =>
        SIZES.map((size) => ask(port, 'PUT', `${name}-${place}-${size}`, new Uint8Array(size).fill(place))),
      );
      return Promise.all(puts);
    };
    const statuses = (answers: readonly { readonly status: number }[]) => new Set(answers.map(({ status }) => status));

    expect(statuses(await putAll('before'))).toEqual(new Set([200]));
    await disk.fail({ writeError: 'EIO' });
    for (let round = 0; round < 2; round++) {
      const refused = await putAll(`refused-${round}`);
      expect(statuses(refused), String(refused.map(({ bytes }) => bytes))).toEqual(new Set([503]));
    }
    const getAll = async () => {
      const names = [0, 1].flatMap((place) => SIZES.map((size) => `before-${place}-${size}`));
      const answers = await Promise.all(names.map((name) => ask(gateway.port, 'GET', name)));
      return answers.map(({ status, bytes }) => (status === 200 ? bytes.length : status));
    };
    expect(await getAll()).toEqual([...SIZES, ...SIZES]);

    await objects[Symbol.asyncDispose]();
    await disk.unmount();
    await disk.fail({});
    await disk.mount();
    objects = stack.use(await startObjectsProcess('data', disk.path));
    const isThere = async () => (await ask(gateway.port, 'HEAD', 'refused-0-0-5000')).status === 404;
    await waitUntil(isThere, { timeoutMs: 60_000, what: 'the gateway to have the store again' });
    expect(await getAll()).toEqual([...SIZES, ...SIZES]);
    expect(statuses(await putAll('after'))).toEqual(new Set([200]));
  });
});
