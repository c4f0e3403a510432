/**
 * Raft with three members and their disks (Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", figure 2).
 *
 * Each message is one line of JSON and has one line as its answer. Reads go through the log, as writes do.
 */

import type { HostContext } from '../../src/testing/index.ts';
import { Journal } from './journal.ts';
import { LineClient } from './line-client.ts';
import { BREAKING, serveOn, type Protocol } from './protocol.ts';
import { RaftLog, type Entry } from './raft-log.ts';
import { Promises } from './raft-promises.ts';
import { useRaft } from './raft-user.ts';

const PORT = 2380;
const MEMBERS = ['a', 'b', 'c'];
const MAJORITY = 2;
const RPC_TIMEOUT = 250;
const HEARTBEAT = 100;
const ELECTION = [300, 500] as const;

type Message =
  | { readonly kind: 'vote'; term: number; from: string; length: number; lastTerm: number }
  | {
      readonly kind: 'append';
      term: number;
      from: string;
      after: number;
      afterTerm: number;
      entries: readonly Entry[];
      commit: number;
    };
interface Reply {
  readonly term: number;
  readonly ok: boolean;
}

class Member {
  readonly #context: HostContext;
  readonly #name: string;
  readonly #log: RaftLog;
  readonly #promises: Promises;
  readonly #bug: string | undefined;
  readonly #isStopped: () => boolean;
  readonly #peers: ReadonlyMap<string, LineClient>;
  #role: 'follower' | 'candidate' | 'leader' = 'follower';
  #commit = 0;
  #lastHeartbeat: number;
  #waiters: { readonly index: number; readonly term: number; done(ok: boolean): void }[] = [];

  constructor(
    context: HostContext,
    log: RaftLog,
    promises: Promises,
    bug: string | undefined,
    isStopped: () => boolean,
  ) {
    const { host, clock } = context;
    this.#context = context;
    this.#name = host.name;
    this.#isStopped = isStopped;
    this.#log = log;
    this.#promises = promises;
    this.#bug = bug;
    this.#lastHeartbeat = clock.now();
    this.#peers = new Map(
      MEMBERS.filter((name) => name !== host.name).map((name) => [
        name,
        new LineClient(host, `${name}:${PORT}`, RPC_TIMEOUT),
      ]),
    );
  }

  get #isOver(): boolean {
    return this.#isStopped();
  }

  // --- Elections -------------------------------------------------------------------------------------------------

  /** Becomes a candidate when no leader has written for a while. */
  async watch(): Promise<void> {
    while (!this.#isOver) {
      const patience = this.#context.random.integer(...ELECTION);
      await this.#context.clock.sleep(patience / 2);
      if (this.#role === 'leader' || this.#context.clock.now() - this.#lastHeartbeat < patience)
        continue;
      if (!this.#isOver) await this.#stand();
    }
    for (const { done } of this.#waiters.splice(0)) done(false);
    for (const peer of this.#peers.values()) await peer.close();
  }

  async #stand(): Promise<void> {
    this.#role = 'candidate';
    const term = this.#log.term + 1;
    this.#lastHeartbeat = this.#context.clock.now();
    await this.#log.setTerm(term, this.#name);
    let votes = 1;
    const { length, lastTerm } = this.#log;
    const asked = [...this.#peers.keys()].map(async (name) => {
      const message = { kind: 'vote', term, from: this.#name, length, lastTerm } as const;
      const reply = await this.#ask(name, message);
      if (reply?.ok !== true || this.#log.term !== term || this.#role !== 'candidate') return;
      votes += 1;
      if (votes === MAJORITY) this.#lead(term);
    });
    await Promise.all(asked);
  }

  #lead(term: number): void {
    this.#promises.lead(term, this.#name);
    this.#role = 'leader';
    const matched = new Map([...this.#peers.keys()].map((name) => [name, 0]));
    for (const name of matched.keys()) {
      this.#context.executor.spawn(() => this.#replicate(term, name, matched), {
        name: `replication ${this.#name} to ${name}`,
      });
    }
  }

  #leads(term: number): boolean {
    return !this.#isOver && this.#role === 'leader' && this.#log.term === term;
  }

  // --- Replication -----------------------------------------------------------------------------------------------

  async #replicate(term: number, name: string, matched: Map<string, number>): Promise<void> {
    let next = this.#log.length + 1;
    while (this.#leads(term)) {
      const entries = this.#log.from(next);
      const reply = await this.#ask(name, {
        kind: 'append',
        term,
        from: this.#name,
        after: next - 1,
        afterTerm: this.#log.termAt(next - 1),
        entries,
        commit: this.#commit,
      });
      if (!this.#leads(term)) return;
      if (reply?.ok === true) {
        next += entries.length;
        matched.set(name, next - 1);
        this.#advance(term, matched);
      } else if (reply !== undefined) {
        next = Math.max(1, next - 1);
        continue;
      }
      if (next > this.#log.length) await this.#context.clock.sleep(HEARTBEAT);
      else await this.#context.clock.sleep(1);
    }
  }

  /** Commits what a majority has; entries of earlier terms only with one of this term (section 5.4.2). */
  #advance(term: number, matched: ReadonlyMap<string, number>): void {
    for (let index = this.#log.length; index > this.#commit; index -= 1) {
      const matches = [this.#log.synced, ...matched.values()];
      const holders = matches.filter((match) => match >= index).length;
      if (holders >= MAJORITY && this.#log.termAt(index) === term) this.#commitTo(index);
    }
  }

  #commitTo(index: number): void {
    while (this.#commit < Math.min(index, this.#log.length)) {
      this.#commit += 1;
      const entry = this.#log.at(this.#commit);
      if (entry !== undefined) this.#promises.commit(this.#commit, entry, this.#name);
    }
    this.#waiters = this.#waiters.filter(({ index: at, term, done }) => {
      if (at > this.#commit) return true;
      done(this.#log.termAt(at) === term);
      return false;
    });
  }

  // --- Messages --------------------------------------------------------------------------------------------------

  async #ask(name: string, message: Message): Promise<Reply | undefined> {
    const line = await this.#peers.get(name)?.ask(JSON.stringify(message));
    if (line === undefined || this.#isOver) return undefined;
    const reply = JSON.parse(line) as Reply;
    if (reply.term > this.#log.term) await this.#follow(reply.term);
    return reply;
  }

  async #follow(term: number): Promise<void> {
    this.#role = 'follower';
    for (const { done } of this.#waiters.splice(0)) done(false);
    if (term > this.#log.term) await this.#log.setTerm(term, undefined);
  }

  async answer(line: string): Promise<string> {
    if (!line.startsWith('{')) return this.#serve(line);
    const message = JSON.parse(line) as Message;
    if (message.term > this.#log.term) await this.#follow(message.term);
    const ok = await (message.kind === 'vote' ? this.#onVote(message) : this.#onAppend(message));
    return JSON.stringify({ term: this.#log.term, ok });
  }

  async #onVote({ term, from, length, lastTerm }: Message & { kind: 'vote' }): Promise<boolean> {
    const log = this.#log;
    const isCurrent =
      lastTerm > log.lastTerm || (lastTerm === log.lastTerm && length >= log.length);
    if (term < log.term || (log.vote ?? from) !== from) return false;
    if (!isCurrent && this.#bug !== 'votes for any log') return false;
    this.#lastHeartbeat = this.#context.clock.now();
    await log.setTerm(term, from, this.#bug !== 'forgets its vote');
    return log.term === term;
  }

  async #onAppend(message: Message & { kind: 'append' }): Promise<boolean> {
    const { term, after, afterTerm, entries, commit } = message;
    const isOld = (): boolean =>
      term < this.#log.term && this.#bug !== 'follows a leader of an old term';
    if (isOld()) return false;
    if (this.#role !== 'follower') await this.#follow(term);
    // Meanwhile another leader may have come; also below.
    if (isOld()) return false;
    this.#lastHeartbeat = this.#context.clock.now();
    const fits =
      this.#bug === 'looks only at the length'
        ? after <= this.#log.length
        : this.#log.termAt(after) === afterTerm;
    if (!fits) return false;
    await this.#log.put(after, entries);
    if (this.#log.term > term) return false;
    this.#commitTo(Math.min(commit, after + entries.length));
    return true;
  }

  /** A client's command: `put WORD`, answered when it is committed, or `get`, answered with all that is. */
  async #serve(line: string): Promise<string> {
    const term = this.#log.term;
    if (!this.#leads(term)) return 'no leader';
    if (line === 'get' && this.#bug === 'reads what it has') return this.#committed();
    const index = this.#log.length + 1;
    const committed = new Promise<boolean>((done) => {
      this.#waiters.push({ index, term, done });
    });
    await this.#log.put(index - 1, [{ term, command: line }]);
    if (!(await committed)) return 'no leader';
    return line === 'get' ? this.#committed() : 'ok';
  }

  #committed(): string {
    const commands = [];
    for (let index = 1; index <= this.#commit; index += 1) {
      const command = this.#log.at(index)?.command ?? '';
      if (command !== 'get') commands.push(command.slice('put '.length));
    }
    return `have ${commands.join(',')}`;
  }
}

export const raft: Protocol = {
  name: 'raft with three members',
  bugs: {
    'forgets its vote': 'a member votes twice in one term, before and after a crash',
    'answers before the disk': 'an entry that was acknowledged is lost with a crash',
    'votes for any log': 'a leader comes that lacks what is committed',
    'looks only at the length': 'entries of two leaders are mixed',
    'follows a leader of an old term': 'a leader that was replaced overwrites',
    'reads what it has': 'a leader that was replaced answers',
  },
  quick: [],
  program: (bug) => async (sim) => {
    const promises = new Promises();
    let isStopped = false;
    for (const name of MEMBERS) {
      const host = sim.host(name);
      serveOn(host, PORT, async (context) => {
        const log = new RaftLog(await Journal.open(host), bug === 'answers before the disk');
        const member = new Member(context, log, promises, bug, () => isStopped);
        context.executor.spawn(() => member.watch(), { name: `elections of ${name}` });
        return async (stream) => {
          for (;;) {
            const line = await stream.readLine({ timeout: 5_000 });
            if (line === null) return;
            await stream.writeAll(`${await member.answer(line)}\n`);
          }
        };
      });
    }
    const addresses = MEMBERS.map((member) => `${member}:${PORT}`);
    const users = ['ann', 'bob'].map((name) =>
      sim.executor.spawn(() => useRaft(sim, name, addresses), { name: `user ${name}` }),
    );
    await Promise.all(users);
    isStopped = true;
  },
  faults: {
    ...BREAKING,
    pause: 0.01,
    partition: 0.03,
    partitionFor: [200, 3_000],
    crash: 0.03,
    downFor: [10, 1_500],
  },
};
