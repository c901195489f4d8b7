/** What control asks of the objects role about events; part of `ObjectAdmin`. */

export interface WebhookInfo {
  readonly name: string;
  readonly url: string;
  readonly createdAt: number;
  /** Whose notification configuration names it. */
  readonly buckets: readonly string[];
  /** Events that wait for it. */
  readonly pending: number;
  readonly failed: number;
  /** Failed events that there was no room for. */
  readonly dropped: number;
}

/** The only time that a secret is told. */
export interface NewWebhook extends WebhookInfo {
  readonly secret?: string | undefined;
}

export interface FailedEvent {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly event: string;
  readonly versionId: string;
  readonly queuedAt: number;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly error: string;
}

export type WebhookTest =
  | { readonly delivered: true; readonly status: number }
  | { readonly delivered: false; readonly error: string };

/** Where the events of buckets go, and those that did not get there. @throws HoldfastError `webhook.not-found` */
export interface WebhookAdmin {
  /**
   * Makes it, or gives a known one another address; a secret is made where there is none, or on request.
   * @throws HoldfastError `webhook.name`, `webhook.url`, `webhook.address`
   */
  putWebhook(input: {
    readonly name: string;
    readonly url: string;
    readonly renewSecret?: boolean | undefined;
  }): Promise<NewWebhook>;
  listWebhooks(input: Record<string, never>): Promise<readonly WebhookInfo[]>;
  /** With what waits for it. @throws HoldfastError `webhook.in-use` while a bucket names it */
  removeWebhook(input: { readonly name: string }): Promise<void>;
  /** Sends a test message once, and says what came of it. */
  testWebhook(input: { readonly name: string }): Promise<WebhookTest>;
  /** From the oldest on, at most 1,000. */
  listFailedEvents(input: {
    readonly webhook: string;
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<readonly FailedEvent[]>;
  /** Sends one, or all, again. @throws HoldfastError `webhook.event-not-found` */
  replayEvents(input: {
    readonly webhook: string;
    readonly id?: string | undefined;
  }): Promise<{ readonly count: number }>;
  /** Forgets one, or all. @throws HoldfastError `webhook.event-not-found` */
  dropEvents(input: {
    readonly webhook: string;
    readonly id?: string | undefined;
  }): Promise<{ readonly count: number }>;
}
