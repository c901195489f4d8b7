import type { Deposit, Deposited, DepositPlace } from '../store/deposit.ts';

/** A body that a gateway writes: it is told where, and tells when it is done. */
export class ExpectedDeposit implements Deposit {
  readonly #sendPlace: (place: DepositPlace) => void;
  readonly #written = Promise.withResolvers<Deposited>();

  constructor(sendPlace: (place: DepositPlace) => void) {
    this.#sendPlace = sendPlace;
    this.#written.promise.catch(() => {}); // `writeTo` tells
  }

  writeTo(place: DepositPlace): Promise<Deposited> {
    this.#sendPlace(place);
    return this.#written.promise;
  }

  arrived(deposited: Deposited): void {
    this.#written.resolve(deposited);
  }

  fail(error: unknown): void {
    this.#written.reject(error);
  }
}
