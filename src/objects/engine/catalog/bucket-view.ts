import { objectErrors } from '../../store/errors/object-errors.ts';
import type { VersionMarker } from '../../store/list.ts';
import type { Scan, VersionBound, VersionScan } from '../../store/listing.ts';
import { isTooLong } from '../../store/names.ts';
import type { ObjectVersion } from '../../store/object.ts';
import { NULL_VERSION, parseStamp } from '../../store/version-id.ts';
import { listedInfo, objectInfo, type Version } from './version.ts';
import type { LayerScanOptions, VersionLayer } from './version-layers.ts';

/** Of so many old versions of a key, a listing of objects steps over all: one seek, where there may be any number. */
const PASSED_VERSIONS = 16;

const PIN_SEPARATOR = '-';

/** What a bucket shows, at one moment: the only way to read it. */
export class BucketView {
  readonly #layer: VersionLayer;

  constructor(layer: VersionLayer) {
    this.#layer = layer;
  }

  /** The current version; `undefined` also behind a delete marker. */
  current(key: string): Version | undefined {
    const version = this.#newest(key);
    return version?.deleteMarker ? undefined : version;
  }

  /** The version of that id, a delete marker too. */
  named(key: string, versionId: string): Version | undefined {
    if (versionId === NULL_VERSION) return this.null(key);
    const stamp = isTooLong(key) ? undefined : parseStamp(versionId);
    const version = stamp === undefined ? undefined : this.#layer.at(key, stamp);
    return version?.versioned ? version : undefined;
  }

  /** There is at most one; where there never were versions, it is the newest. */
  null(key: string): Version | undefined {
    const newest = this.#newest(key);
    return newest?.versioned ? this.#layer.null(key) : newest;
  }

  #newest(key: string): Version | undefined {
    return isTooLong(key) ? undefined : this.#layer.newest(key);
  }

  /** As the contract shows it: the version of that id, or the newest. */
  find(key: string, versionId: string | undefined): ObjectVersion | undefined {
    const newest = this.#newest(key);
    const version = versionId === undefined ? newest : this.named(key, versionId);
    return version && objectVersion(key, version, version.stamp === newest?.stamp);
  }

  /** Below which version a listing goes on; `undefined` where the null version of the marker is gone: nobody knows where it was. */
  stampOf({ key, version }: VersionMarker): number | undefined {
    if (version === undefined) return undefined;
    if (version === NULL_VERSION) return this.null(key)?.stamp;
    const stamp = parseStamp(version);
    if (stamp === undefined) throw objectErrors.invalidMarker(version);
    return stamp;
  }

  /** No version and no delete marker. */
  isEmpty(options?: LayerScanOptions): boolean {
    for (const found of this.#layer.scan(options)({ key: '', edge: 'at' })) if (found) return false;
    return true;
  }

  /** By which snapshots and forks it shows what is gone. */
  pins(): string {
    return this.#layer
      .pinned()
      .map((stamp) => stamp ?? '')
      .join(PIN_SEPARATOR);
  }

  /** Shows all that it showed by these: where there was no pin, another one brings nothing that was not there. */
  keepsPins(pins: string): boolean {
    const now = this.pins().split(PIN_SEPARATOR);
    return pins.split(PIN_SEPARATOR).every((pin, i) => pin === '' || pin === now[i]);
  }

  /** For one listing, from its first bound on. */
  scan(options?: LayerScanOptions): Scan {
    const versions = this.#layer.scan(options);
    return function* (bound) {
      let next: VersionBound | undefined = bound;
      while (next) {
        const from: VersionBound = next;
        next = undefined;
        let last: string | undefined;
        let passed = 0;
        for (const found of versions(from)) {
          if (!found) yield undefined;
          else if (found.name !== last) {
            last = found.name;
            passed = 0;
            yield found.deleteMarker ? undefined : found.listed();
          } else if (++passed === PASSED_VERSIONS) {
            next = { key: found.objectKey, edge: 'after' };
            break;
          }
        }
      }
    };
  }

  /** For one listing of all versions, from its first bound on. */
  scanVersions(options?: LayerScanOptions): VersionScan {
    const layer = this.#layer;
    const versions = layer.scan(options);
    return function* (bound) {
      let last: string | undefined;
      let newest = bound.below === undefined ? undefined : layer.newest(bound.key)?.stamp;
      for (const found of versions(bound)) {
        if (!found) {
          yield undefined;
          continue;
        }
        const { name, stamp, objectKey: key } = found;
        const isWithin = bound.below !== undefined && key === bound.key;
        if (name !== last && !isWithin) newest = stamp;
        last = name;
        const isLatest = stamp === newest;
        const version = () => {
          const facts = found.facts();
          return { ...listedInfo(key, facts), isLatest, deleteMarker: facts.deleteMarker };
        };
        yield { key, stamp, version };
      }
    };
  }
}

function objectVersion(key: string, version: Version, isLatest: boolean): ObjectVersion {
  return { ...objectInfo(key, version), isLatest, deleteMarker: version.deleteMarker };
}
