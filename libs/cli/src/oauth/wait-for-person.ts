import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { type DeviceCode, type Endpoints, redeemDeviceCode, type Tokens } from './issuer.ts';

const USUAL_INTERVAL_S = 5;
/** RFC 8628: so much longer from each `slow_down` on. */
const SLOWER_S = 5;

/** Asks for the token until the person has decided, as often as the issuer wants it. */
export async function waitForPerson(
  endpoints: Endpoints,
  { device_code: code, expires_in: expiresInS, interval = USUAL_INTERVAL_S }: DeviceCode,
  onWaiting: (leftMs: number) => void,
): Promise<Tokens & { access_token: string }> {
  const endMs = Date.now() + expiresInS * 1_000;
  let intervalS = interval;
  for (;;) {
    await pauseTelling(Math.min(intervalS * 1_000, Math.max(0, endMs - Date.now())), endMs, onWaiting);
    const answer = await redeemDeviceCode(endpoints, code).catch((error: unknown): Tokens => {
      // A moment without network does not end the wait.
      if (Date.now() < endMs) return { error: 'authorization_pending' };
      throw error;
    });
    if (answer.access_token !== undefined) return { ...answer, access_token: answer.access_token };
    if (answer.error === 'slow_down') intervalS += SLOWER_S;
    else if (answer.error === 'access_denied') throw new Failure('The sign-in was stopped on the page.');
    else if (answer.error !== 'authorization_pending' || Date.now() >= endMs)
      throw new Failure('The code has ended before anybody signed in; run rookery login again.');
  }
}

async function pauseTelling(ms: number, endMs: number, onWaiting: (leftMs: number) => void): Promise<void> {
  for (const untilMs = Date.now() + ms; Date.now() < untilMs; ) {
    onWaiting(endMs - Date.now());
    await pause(Math.min(1_000, untilMs - Date.now()));
  }
}
