import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import type { ObservedVolume, VolumeDriver } from '../../src/volumes/volume-driver.ts';

export interface VolumeDriverHarness {
  /** A driver over the harness's one disk; another call is another platform process, or the same after a restart. */
  open(): Promise<VolumeDriver>;
  /** What an instance does in its mount. */
  write(hostPath: string, name: string, content: string): Promise<void>;
  read(hostPath: string, name: string): Promise<string | undefined>;
  /** What lies on the disk beside volumes and snapshots; absent when there is nothing to look at. */
  leftovers?(): Promise<string[]>;
  close(): Promise<void>;
}

const GB = 1e9;

export function volumeDriverContract(name: string, openHarness: () => Promise<VolumeDriverHarness>): void {
  describe(`VolumeDriver: ${name}`, () => {
    let harness: VolumeDriverHarness;
    let driver: VolumeDriver;

    beforeEach(async () => {
      harness = await openHarness();
      driver = await harness.open();
    });
    afterEach(() => harness.close());

    async function observe(id: string, by = driver): Promise<ObservedVolume | undefined> {
      return (await by.list()).find((volume) => volume.id === id);
    }

    async function volumeWith(id: string, content: string): Promise<string> {
      await driver.create({ id, sizeBytes: GB });
      const { hostPath } = await driver.attach(id, 'writer');
      await harness.write(hostPath, 'file', content);
      return hostPath;
    }

    it('starts with nothing', async () => {
      expect(await driver.list()).toEqual([]);
    });

    it('creates a volume that is free and empty', async () => {
      await driver.create({ id: 'v', sizeBytes: GB });
      expect(await driver.list()).toEqual([{ id: 'v', sizeBytes: GB, attachedTo: null, snapshots: [] }]);
      expect((await driver.usage('v')).sizeBytes).toBe(GB);
    });

    it('creates a volume once, however often it is asked', async () => {
      const hostPath = await volumeWith('v', 'kept');
      await Promise.all([driver.create({ id: 'v', sizeBytes: 2 * GB }), driver.create({ id: 'v', sizeBytes: GB })]);
      expect(await observe('v')).toMatchObject({ sizeBytes: GB, attachedTo: 'writer' });
      expect(await harness.read(hostPath, 'file')).toBe('kept');
    });

    it('keeps content from holder to holder and from driver to driver', async () => {
      await volumeWith('v', 'kept');
      await driver.detach('v', 'writer');
      const next = await harness.open();
      const { hostPath } = await next.attach('v', 'reader');
      expect(await harness.read(hostPath, 'file')).toBe('kept');
    });

    it('has one holder at a time, also for another driver and after a restart', async () => {
      const hostPath = await volumeWith('v', 'x');
      expect(await driver.attach('v', 'writer')).toEqual({ hostPath });
      const other = await harness.open();
      for (const by of [driver, other]) {
        await expect(by.attach('v', 'second')).rejects.toMatchObject({ code: 'volume.attached', kind: 'conflict' });
        expect(await observe('v', by)).toMatchObject({ attachedTo: 'writer' });
      }
    });

    it('gives a volume to exactly one of many that ask at once', async () => {
      await driver.create({ id: 'v', sizeBytes: GB });
      const drivers = [driver, await harness.open()];
      const holders = Array.from({ length: 8 }, (_, i) => `i${i}`);
      const results = await Promise.allSettled(
        holders.map(async (holder, i) => drivers[i % drivers.length]?.attach('v', holder)),
      );
      const winners = holders.filter((_, i) => results[i]?.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      expect(await observe('v')).toMatchObject({ attachedTo: winners[0] });
    });

    it('detaches its holder alone', async () => {
      await volumeWith('v', 'x');
      await driver.detach('v', 'another');
      expect(await observe('v')).toMatchObject({ attachedTo: 'writer' });
      await driver.detach('v', 'writer');
      await driver.detach('v', 'writer');
      await driver.detach('unknown', 'writer');
      expect(await observe('v')).toMatchObject({ attachedTo: null });
    });

    it('grows and never shrinks', async () => {
      await driver.create({ id: 'v', sizeBytes: GB });
      await driver.extend('v', 2 * GB);
      await driver.extend('v', 2 * GB);
      await expect(driver.extend('v', GB)).rejects.toMatchObject({ code: 'volume.shrink' });
      expect(await observe('v', await harness.open())).toMatchObject({ sizeBytes: 2 * GB });
    });

    it('counts what is used', async () => {
      const hostPath = await volumeWith('v', 'x'.repeat(64 * 1024));
      const before = (await driver.usage('v')).usedBytes;
      expect(before).toBeGreaterThanOrEqual(64 * 1024);
      await harness.write(hostPath, 'more', 'y'.repeat(64 * 1024));
      expect((await driver.usage('v')).usedBytes - before).toBeGreaterThanOrEqual(64 * 1024);
    });

    it('snapshots an attached volume as it was at that time', async () => {
      const hostPath = await volumeWith('v', 'then');
      const before = Date.now();
      await driver.snapshot('v', 's1');
      await harness.write(hostPath, 'file', 'now');
      await driver.snapshot('v', 's1');
      await driver.snapshot('v', 's2');
      const snapshots = (await observe('v', await harness.open()))?.snapshots;
      expect(snapshots?.map(({ id }) => id)).toEqual(['s1', 's2']);
      expect(snapshots?.[0]?.createdAt).toBeGreaterThanOrEqual(before);

      for (const [snapshot, content] of [
        ['s1', 'then'],
        ['s2', 'now'],
      ] as const) {
        await driver.create({ id: `from-${snapshot}`, sizeBytes: GB, fromSnapshot: { volume: 'v', snapshot } });
        const copy = await driver.attach(`from-${snapshot}`, 'reader');
        expect(await harness.read(copy.hostPath, 'file')).toBe(content);
        await harness.write(copy.hostPath, 'file', 'changed in the copy');
      }
      expect(await harness.read(hostPath, 'file')).toBe('now');
      await driver.create({ id: 'again', sizeBytes: GB, fromSnapshot: { volume: 'v', snapshot: 's1' } });
      expect(await harness.read((await driver.attach('again', 'reader')).hostPath, 'file')).toBe('then');
    });

    it('deletes snapshots, and copies of them stay', async () => {
      await volumeWith('v', 'then');
      await driver.snapshot('v', 's');
      await driver.create({ id: 'copy', sizeBytes: GB, fromSnapshot: { volume: 'v', snapshot: 's' } });
      await driver.deleteSnapshot('v', 's');
      await driver.deleteSnapshot('v', 's');
      await driver.deleteSnapshot('unknown', 's');
      expect(await observe('v')).toMatchObject({ snapshots: [] });
      expect(await harness.read((await driver.attach('copy', 'reader')).hostPath, 'file')).toBe('then');
    });

    it('destroys what is free, for good', async () => {
      await volumeWith('v', 'x');
      await driver.snapshot('v', 's');
      await expect(driver.destroy('v')).rejects.toMatchObject({ code: 'volume.attached' });
      await driver.detach('v', 'writer');
      await driver.destroy('v');
      await driver.destroy('v');
      expect(await driver.list()).toEqual([]);
      await driver.create({ id: 'v', sizeBytes: GB });
      expect(await harness.read((await driver.attach('v', 'reader')).hostPath, 'file')).toBeUndefined();
    });

    it('says what is not there', async () => {
      const missing = { code: 'volume.not-found', kind: 'not-found' };
      await expect(driver.attach('nope', 'x')).rejects.toMatchObject(missing);
      await expect(driver.extend('nope', GB)).rejects.toMatchObject(missing);
      await expect(driver.snapshot('nope', 's')).rejects.toMatchObject(missing);
      await expect(driver.usage('nope')).rejects.toMatchObject(missing);
      await driver.create({ id: 'v', sizeBytes: GB });
      const from = (volume: string) =>
        driver.create({ id: 'w', sizeBytes: GB, fromSnapshot: { volume, snapshot: 's' } });
      await expect(from('v')).rejects.toMatchObject({ code: 'volume.snapshot-not-found' });
      await expect(from('nope')).rejects.toMatchObject({ code: 'volume.snapshot-not-found' });
      expect((await driver.list()).map(({ id }) => id)).toEqual(['v']);
    });

    it('snapshots under constant writes, or refuses and leaves nothing', async () => {
      const hostPath = await volumeWith('v', 'x');
      let writing = true;
      const writer = (async () => {
        for (let i = 0; writing; i++) {
          await harness.write(hostPath, `file${i % 50}`, `${i}`);
          await new Promise(setImmediate);
        }
      })();
      await waitUntil(async () => (await harness.read(hostPath, 'file9')) !== undefined, {
        timeoutMs: 60_000,
        what: 'writes',
      });
      const refused = await driver.snapshot('v', 's').then(
        () => undefined,
        (error: unknown) => error,
      );
      writing = false;
      await writer;
      if (driver.capabilities.snapshotsWhileWritten) expect(refused).toBeUndefined();
      if (refused) expect(refused).toMatchObject({ code: 'volume.changing', retryable: true });
      expect((await observe('v'))?.snapshots).toHaveLength(refused ? 0 : 1);
      await driver.snapshot('v', 's');
      expect((await observe('v'))?.snapshots).toHaveLength(1);
    });

    it('leaves nothing half-made behind', async (context) => {
      if (!harness.leftovers) return context.skip(`${name} has nowhere to leave it`);
      await volumeWith('v', 'x');
      await driver.snapshot('v', 's');
      await driver.create({ id: 'w', sizeBytes: GB, fromSnapshot: { volume: 'v', snapshot: 's' } });
      await driver.create({ id: 'x', sizeBytes: GB, fromSnapshot: { volume: 'v', snapshot: 'none' } }).catch(() => {});
      await driver.destroy('w');
      await driver.deleteSnapshot('v', 's');
      expect(await harness.leftovers()).toEqual([]);
    });
  });
}
