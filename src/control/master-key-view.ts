/** The key that seals all others; never the key itself. */
export interface MasterKeyView {
  readonly id: string;
  readonly file: string;
  /** Another key is taking its place, and has not replaced it everywhere. */
  readonly rotating: boolean;
}

export interface MasterKeyRestoredView extends MasterKeyView {
  /** `false`: the file was whole. */
  readonly restored: boolean;
}

export interface MasterKeyRotationView extends MasterKeyView {
  /** How much it seals: everything that the one before had sealed. */
  readonly resealed: {
    readonly buckets: number;
    readonly accessKeys: number;
    readonly webhooks: number;
    readonly secrets: number;
  };
  /** `false`: the file has the key before too, and is not the platform's to change. */
  readonly earlierGone: boolean;
}
