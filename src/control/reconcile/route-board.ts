import type { EdgeAdmin, Route } from '../../edge/edge-admin.ts';
import { isRouteOf } from './observe.ts';

/** The edge takes whole tables, apps change their own part: one change at a time. */
export class RouteBoard {
  readonly #edge: EdgeAdmin;
  #last: Promise<void> = Promise.resolve();

  constructor(edge: EdgeAdmin) {
    this.#edge = edge;
  }

  replace(app: string, routes: readonly Route[]): Promise<void> {
    const change = this.#last.then(async () => {
      const table = await this.#edge.getRoutes();
      const others = (table?.routes ?? []).filter((route) => !isRouteOf(app, route.id));
      await this.#edge.setRoutes({ routes: [...others, ...routes] });
    });
    this.#last = change.catch(() => {});
    return change;
  }
}
