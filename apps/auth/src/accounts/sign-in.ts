import { Inject, Injectable } from '@nestjs/common';
import { Strategy } from 'passport-local';
import { type Account, Accounts } from './accounts.ts';
import { SignInThrottle } from './sign-in-throttle.ts';

const MAX_CHARACTERS = 200;

export type SignInOutcome = { account: Account } | { refused: 'wrong' | 'throttled' };

/** Signs people in by passport's local strategy: a name and a password. */
@Injectable()
export class SignIn {
  readonly #throttle = new SignInThrottle();
  readonly #strategy: Strategy;

  constructor(@Inject(Accounts) accounts: Accounts) {
    this.#strategy = new Strategy((username, password, done) => {
      accounts.check(username, password).then((account) => done(null, account ?? false), done);
    });
  }

  async check(username: string, password: string): Promise<SignInOutcome> {
    if (username.length > MAX_CHARACTERS || password.length > MAX_CHARACTERS) return { refused: 'wrong' };
    if (!this.#throttle.allows(username)) return { refused: 'throttled' };
    const account = await this.#authenticate({ username, password });
    if (!account) {
      this.#throttle.failed(username);
      return { refused: 'wrong' };
    }
    this.#throttle.succeeded(username);
    return { account };
  }

  /** What passport's middleware does for a request: a strategy of its own per attempt, which tells of its outcome. */
  #authenticate(body: { username: string; password: string }): Promise<Account | undefined> {
    return new Promise((resolve, reject) => {
      const attempt = Object.assign(Object.create(this.#strategy) as Strategy, {
        success: (account: Account) => resolve(account),
        fail: () => resolve(undefined),
        error: reject,
      });
      attempt.authenticate({ body } as never);
    });
  }
}
