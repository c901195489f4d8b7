import { constants as fs } from 'node:fs';
import { access, lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import ignore, { type Ignore } from 'ignore';
import { create } from 'tar';
import { HoldfastError, isNodeError } from '../core/errors.ts';

/** Made anew by every build, or none of the app's business: left out whatever the ignore file says. */
const ALWAYS_LEFT_OUT = new Set(['node_modules', '.git', '.holdfast']);

/** The first that is there counts, alone. */
const IGNORE_FILES = ['.holdfastignore', '.dockerignore', '.gitignore'];

/** Same content, same bytes: mtimes of a checkout or an editor are not content. */
const MTIME = new Date('2000-01-01T00:00:00Z');
