import { appendFile, cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from './test-platform.ts';

/** A checkout whose code can change while it runs. */
export class Checkout {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async copiedTo(path: string): Promise<Checkout> {
    await mkdir(path);
    for (const name of ['holdfast', 'package.json', 'sdk', 'src']) {
      await cp(join(repository, name), join(path, name), { recursive: true });
    }
    await symlink(join(repository, 'node_modules'), join(path, 'node_modules'));
    return new Checkout(path);
  }

  /** Other code, which does the same. */
  async update(): Promise<void> {
    await appendFile(join(this.path, 'src/core/ids.ts'), '// changed\n');
  }
}
