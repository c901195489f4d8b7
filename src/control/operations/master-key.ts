import type { MasterKeyRotation } from '../master-key-rotation.ts';
import type { MasterKeyView } from '../master-key-view.ts';
import type { Platform } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';

type MasterKeyOperations = Pick<Platform, 'masterKey' | 'restoreMasterKey' | 'rotateMasterKey'>;

export function createMasterKeyOperations(
  { masterKey }: ControlContext,
  rotation: MasterKeyRotation,
): MasterKeyOperations {
  const view = (): MasterKeyView => ({ id: masterKey.id, file: masterKey.file, rotating: masterKey.isRotating });
  return {
    masterKey: async () => {
      await masterKey.check();
      return view();
    },
    restoreMasterKey: async () => {
      const restored = await rotation.restore();
      return { ...view(), restored };
    },
    rotateMasterKey: async () => {
      const { earlierGone, ...resealed } = await rotation.rotate();
      return { ...view(), resealed, earlierGone };
    },
  };
}
