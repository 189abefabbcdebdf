/**
 * The card network, as far as this shop can see it: it takes time, sometimes long, sometimes for ever, and says no.
 *
 * Test cards, as payment providers have them; everything else is approved.
 */
import { setTimeout as wait } from "node:timers/promises";

const SLOW = "4000-0000-0000-0077";
const HANGS = "4000-0000-0000-0119";
const DECLINED_ONCE = "4000-0000-0000-0341";
const DECLINED = "4000-0000-0000-0002";

export const TEST_CARDS = { SLOW, HANGS, DECLINED_ONCE, DECLINED } as const;

export class CardDeclined extends Error {
  override readonly name = "CardDeclined";
}

/** Holds the amount on the card; the network's reference. */
export const authorize = async (card: string, amountCents: number): Promise<string> => {
  await wait(card === SLOW ? 900 : 25);
  if (card === HANGS) await wait(60_000);
  if (card === DECLINED) throw new CardDeclined(`card ${card.slice(0, 4)}… declined ${amountCents} cents`);
  return `auth-${card.slice(-4)}-${amountCents}`;
};

/** Takes what was held. `attempt` counts from 0: a card that is declined once is taken the second time. */
export const capture = async (card: string, amountCents: number, attempt: number): Promise<string> => {
  await wait(40);
  if (card === DECLINED_ONCE && attempt === 0)
    throw new CardDeclined(`card ${card.slice(0, 4)}… declined: insufficient funds`);
  return `capture-${card.slice(-4)}-${amountCents}`;
};
