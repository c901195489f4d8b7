import { describe, expect, it } from 'vitest';
import { type FakeBehaviour, FakeServiceDriver } from '../../src/services/drivers/fake-driver.ts';
import { hasBubblewrap, openProcessHarness } from './process-harness.ts';
import { type AppBehaviour, serviceDriverContract } from './service-driver.contract.ts';

serviceDriverContract('fake', async () => {
  const behaviours = new Map<string, FakeBehaviour>();
  const driver = new FakeServiceDriver({ behave: (spec) => behaviours.get(spec.rootDirectory) ?? {} });
  return {
    open: async () => driver,
    app: async (behaviour) => {
      const rootDirectory = `app-${behaviours.size}`;
      behaviours.set(rootDirectory, fakeOf(behaviour));
      return { rootDirectory, command: ['app'] };
    },
    close: async () => {},
  };
});

function fakeOf({ output, status = 200, exitCode, ignoresSigterm }: AppBehaviour): FakeBehaviour {
  return {
    output,
    exit: exitCode === undefined ? undefined : { afterMs: 0, code: exitCode },
    stopMs: ignoresSigterm ? Number.POSITIVE_INFINITY : 1,
    health: () => (status < 400 ? { healthy: true } : { healthy: false, reason: `GET / answered ${status}` }),
  };
}

serviceDriverContract('process with links', () => openProcessHarness({ sandbox: 'off' }));

if (hasBubblewrap() || process.env.CI === 'true') {
  describe('bubblewrap', () => {
    it('works on this machine', async () => {
      const harness = await openProcessHarness();
      const driver = await harness.open();
      expect(driver.notice).toBeUndefined();
      expect(driver.capabilities.isolation).toBe(true);
      await driver.close?.();
      await harness.close();
    });
  });
  serviceDriverContract('process with bubblewrap', () => openProcessHarness());
} else {
  it.skip('ServiceDriver: process with bubblewrap (bubblewrap is not installed)', () => {});
}
